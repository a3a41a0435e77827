/**
 * The C of every op that may be in a kernel: a complete table over the ops of the loops stage. An op without C is an
 * entry that says why; kernels that hold one are refused with STR0560.
 */
import type { Emitter } from './kernelWriter';
import * as arith from './emitters/arith';
import * as dot from './emitters/dot';
import * as math from './emitters/math';
import * as memref from './emitters/memref';
import * as scf from './emitters/scf';
import * as vector from './emitters/vector';
import * as affineDialect from '../../../ir/dialects/affine';

const unsupported =
  (reason: string): Emitter =>
  (op, w) =>
    w.fail(op, reason);
const inLoop = unsupported('it stands outside of its loop');
const host = unsupported('it belongs to the host function');
const branches = unsupported('control flow must be scf ops');
const wide = unsupported('it must be lowered to vectors of rank 1');

/** `const int64_t v = e;`; several results join by `?:`. */
const affine =
  (operator: '<' | '>' | undefined): Emitter =>
  (op, w) => {
    const { map } = affineDialect.apply.view(op);
    const [first, ...rest] = map.results.map((e) => w.affine(e, op.operands, map.numDims));
    const result = op.result(0);
    if (rest.length === 0 && typeof first === 'number') {
      w.bind(result, first < 0 ? `(${first})` : String(first));
      return;
    }
    // Each term is a variable of its own, so that none is computed twice.
    const atoms = rest.length === 0 ? [String(first)] : [first!, ...rest].map((x) => w.atom(x));
    const last = atoms.slice(1, -1).reduce((a, b) => {
      const name = w.fresh('n');
      w.line(`const int64_t ${name} = ${a} ${operator} ${b} ? ${a} : ${b};`);
      return name;
    }, atoms[0]!);
    const end = atoms[atoms.length - 1]!;
    w.define(result, atoms.length === 1 ? last : `${last} ${operator} ${end} ? ${last} : ${end}`);
  };

export const emitters = {
  'affine.apply': affine(undefined),
  'affine.max': affine('>'),
  'affine.min': affine('<'),

  'arith.addf': arith.addf,
  'arith.addi': arith.wrapping('+', '^'),
  'arith.andi': arith.bitwise('&'),
  'arith.bitcast': arith.bitcast,
  'arith.ceildivsi': arith.byInt64((w) => w.prelude.ceilDivide()),
  'arith.ceildivui': unsupported('unsigned division that rounds up'),
  'arith.cmpf': arith.cmpf,
  'arith.cmpi': arith.cmpi,
  'arith.constant': arith.constant,
  'arith.divf': arith.divf,
  'arith.divsi': arith.signed('/'),
  'arith.divui': arith.unsigned('/'),
  'arith.extf': arith.convertSigned,
  'arith.extsi': arith.convertSigned,
  'arith.extui': arith.convertUnsigned,
  'arith.floordivsi': arith.byInt64((w) => w.prelude.floorDivide()),
  'arith.fptosi': arith.convertSigned,
  'arith.fptoui': arith.floatToUnsigned,
  'arith.index_cast': arith.convertSigned,
  'arith.index_castui': arith.convertUnsigned,
  'arith.maximumf': arith.propagating('max'),
  'arith.maxnumf': arith.ignoringNaN('max'),
  'arith.maxsi': arith.pickInteger('>', false),
  'arith.maxui': arith.pickInteger('>', true),
  'arith.minimumf': arith.propagating('min'),
  'arith.minnumf': arith.ignoringNaN('min'),
  'arith.minsi': arith.pickInteger('<', false),
  'arith.minui': arith.pickInteger('<', true),
  'arith.mulf': arith.mulf,
  'arith.muli': arith.wrapping('*', '&'),
  'arith.negf': arith.negf,
  'arith.ori': arith.bitwise('|'),
  'arith.remf': math.library('fmod'),
  'arith.remsi': arith.signed('%'),
  'arith.remui': arith.unsigned('%'),
  'arith.select': arith.select,
  'arith.shli': arith.wrapping('<<', '^'),
  'arith.shrsi': arith.signed('>>'),
  'arith.shrui': arith.unsigned('>>'),
  'arith.sitofp': arith.convertSigned,
  'arith.subf': arith.subf,
  'arith.subi': arith.wrapping('-', '^'),
  'arith.truncf': arith.convertSigned,
  'arith.trunci': arith.convertSigned,
  'arith.uitofp': arith.convertUnsigned,
  'arith.xori': arith.bitwise('^'),

  'builtin.unrealized_conversion_cast': arith.reinterpret,

  'cf.br': branches,
  'cf.cond_br': branches,

  'func.call': host,
  'func.func': host,
  'func.return': host,

  'math.absf': math.library('fabs', true),
  'math.absi': math.absi,
  'math.acos': math.library('acos'),
  'math.acosh': math.library('acosh'),
  'math.asin': math.library('asin'),
  'math.asinh': math.library('asinh'),
  'math.atan': math.library('atan'),
  'math.atan2': math.library('atan2'),
  'math.atanh': math.library('atanh'),
  'math.cbrt': math.library('cbrt'),
  'math.ceil': math.library('ceil', true),
  'math.copysign': math.library('copysign', true),
  'math.cos': math.library('cos'),
  'math.cosh': math.library('cosh'),
  'math.erf': math.library('erf'),
  'math.exp': math.library('exp'),
  'math.exp2': math.library('exp2'),
  'math.expm1': math.library('expm1'),
  'math.floor': math.library('floor', true),
  'math.fma': math.fma,
  'math.fpowi': math.fpowi,
  'math.log': math.library('log'),
  'math.log10': math.library('log10'),
  'math.log1p': math.library('log1p'),
  'math.log2': math.library('log2'),
  'math.powf': math.library('pow'),
  'math.round': math.library('round', true),
  'math.roundeven': math.library('roundeven', true),
  'math.rsqrt': math.rsqrt,
  'math.sin': math.library('sin'),
  'math.sinh': math.library('sinh'),
  'math.sqrt': math.library('sqrt', true),
  'math.tan': math.library('tan'),
  'math.tanh': math.library('tanh'),
  'math.trunc': math.library('trunc', true),

  'memref.alloc': memref.allocate,
  'memref.alloca': memref.allocate,
  'memref.assume_alignment': memref.assumeAlignment,
  'memref.cast': memref.same,
  'memref.collapse_shape': memref.collapseShape,
  'memref.copy': memref.copy,
  'memref.dealloc': memref.nothing,
  'memref.dim': memref.dim,
  'memref.expand_shape': memref.expandShape,
  'memref.get_global': memref.getGlobal,
  'memref.global': host,
  'memref.load': memref.load,
  'memref.prefetch': memref.prefetch,
  'memref.reinterpret_cast': memref.reinterpretCast,
  'memref.store': memref.store,
  'memref.subview': memref.subview,
  'memref.view': memref.view,

  'scf.condition': inLoop,
  'scf.execute_region': scf.executeRegion,
  'scf.for': scf.forOp,
  'scf.forall': scf.forall,
  'scf.forall.in_parallel': inLoop,
  'scf.if': scf.ifOp,
  'scf.parallel': scf.parallel,
  'scf.reduce': inLoop,
  'scf.reduce.return': inLoop,
  'scf.while': scf.whileOp,
  'scf.yield': inLoop,

  'vector.bitcast': vector.bitcast,
  'vector.broadcast': vector.broadcast,
  'vector.constant_mask': vector.constantMask,
  'vector.contract': wide,
  'vector.create_mask': vector.createMask,
  'vector.deinterleave': vector.deinterleave,
  'vector.extract': vector.extract,
  'vector.extract_strided_slice': vector.extractSlice,
  'vector.fma': vector.fma,
  'vector.from_elements': vector.fromElements,
  'vector.gather': vector.gather,
  'vector.insert': vector.insert,
  'vector.insert_strided_slice': vector.insertSlice,
  'vector.interleave': vector.interleave,
  'vector.load': vector.load,
  'vector.maskedload': vector.maskedLoad,
  'vector.maskedstore': vector.maskedStore,
  'vector.multi_reduction': dot.multiReduction,
  'vector.outerproduct': wide,
  'vector.reduction': vector.reduction,
  'vector.scatter': vector.scatter,
  'vector.shape_cast': vector.sameLanes,
  'vector.shuffle': vector.shuffle,
  'vector.step': vector.step,
  'vector.store': vector.store,
  'vector.to_elements': vector.toElements,
  'vector.transfer_read': vector.transferRead,
  'vector.transfer_write': vector.transferWrite,
  'vector.transpose': vector.transpose,
} as const satisfies Record<string, Emitter>;

/** Ops of the loops stage, by name. A test compares them with the registry. */
export type LoopsOpName = keyof typeof emitters;
export const emitterOf = (name: string): Emitter | undefined =>
  Object.hasOwn(emitters, name) ? emitters[name as LoopsOpName] : undefined;
