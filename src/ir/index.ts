/** The IR's public face: what frontends, passes, the editor and tools import. */
export * from './affine';
export * from './attributes';
export * from './builder';
export * from './elements';
export * from './location';
export * from './operation';
export * from './opDefinition';
export * from './registry';
export { assertVerified, isCompatible, missingProvenance, verify, verifierError, type Problem } from './verifier';
export { parseAttributeText, parseModule, parseTypeText, type ParsedModule } from './parser/parser';
export { printOp, printWithSpans, type OpSpan, type PrintedIr, type PrintOptions } from './printer/printer';
export * as types from './types';
export type * from './types';
