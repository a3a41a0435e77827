/** The IR's public face: what frontends, passes, the editor and tools import. */
export * from './affine';
export * from './attributes';
export * from './builder';
export * from './elements';
export * from './location';
export * from './operation';
export * from './opDefinition';
export * from './registry';
export {
  assertVerified,
  isCompatible,
  missingProvenance,
  needsProvenance,
  verify,
  verifierError,
  type Problem,
} from './verifier';
export { parseAttributeText, parseModule, parseTypeText, type ParsedModule } from './parser/parser';
export { printOp, printWithSpans, type OpSpan, type PrintedIr, type PrintOptions } from './printer/printer';
export * as types from './types';
export type * from './types';
export * from './resources';
export type * from './rewrite/rule';
export * from './rewrite/record';
export { eraseIfDead, isDead, Rewriter, type Application, type RewriterOptions } from './rewrite/rewriter';
export * from './pass/pass';
export { parsePipeline, pipelineText, type PipelineNode } from './pass/pipelineText';
export * from './pass/passManager';
export { SnapshotStates } from './pass/snapshotStates';
export type { SnapshotState } from './pass/snapshotParts';
export { snapshotOf, spanAt, type FunctionRange, type IrSnapshot } from './pass/snapshot';
