/** All dialects, upstream ones first. Adding a dialect is one line here. */
import { Registry } from '../registry';
import { affineDialect } from './affine';
import { arithDialect } from './arith';
import { builtinDialect } from './builtin';
import { cfDialect } from './cf';
import { dispatchDialect } from './dispatch';
import { funcDialect } from './func';
import { linalgDialect } from './linalg';
import { mathDialect } from './math';
import { memrefDialect } from './memref';
import { nnDialect } from './nn';
import { onnxDialect } from './onnx';
import { scfDialect } from './scf';
import { vectorDialect } from './vector';
import { tensorDialect } from './tensor';
import { torchDialect } from './torch';

export const dialects = [
  builtinDialect,
  funcDialect,
  arithDialect,
  mathDialect,
  tensorDialect,
  linalgDialect,
  affineDialect,
  cfDialect,
  memrefDialect,
  scfDialect,
  vectorDialect,
  torchDialect,
  dispatchDialect,
  nnDialect,
  onnxDialect,
];

/** What every parser, printer and verifier of Strata uses. */
export const registry = new Registry(dialects);
