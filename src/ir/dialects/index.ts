/** All dialects, upstream ones first. Adding a dialect is one line here. */
import { Registry } from '../registry';
import { arithDialect } from './arith';
import { builtinDialect } from './builtin';
import { dispatchDialect } from './dispatch';
import { funcDialect } from './func';
import { mathDialect } from './math';
import { nnDialect } from './nn';
import { onnxDialect } from './onnx';

export const dialects = [builtinDialect, funcDialect, arithDialect, mathDialect, dispatchDialect, nnDialect, onnxDialect];

/** What every parser, printer and verifier of Strata uses. */
export const registry = new Registry(dialects);
