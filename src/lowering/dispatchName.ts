/** Names of dispatches, read off their structure: the family of the root op, its sizes and its element type. */
import type { Operation } from '../ir';
import { dimsOf, types } from '../ir';
import { Generic } from './rules/linalgGeneric';

/** `conv2d_1x112x112x32x3x3x3_f32` for the op that a dispatch is about. `followers` are the ops after it in the kernel. */
export function workName(root: Operation, followers: readonly Operation[] = []): string {
  const g = Generic.of(root);
  const type = (followers[followers.length - 1] ?? root).result().type;
  const element = types.elementOf(type).text;
  const sizes = g?.extents ?? (type.kind === 'tensor' ? type.shape : []);
  const doc = root.attr('doc');
  if (g !== undefined && doc?.kind === 'string' && doc.value !== '')
    return `${doc.value.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}_${(g.extents ?? []).join('x')}_${element}`;
  const family = g === undefined ? root.name.slice(root.dialect.length + 1) : familyOf(g, followers);
  const suffix = sizes.length === 0 ? '' : `_${sizes.join('x')}`;
  return `${family}${suffix}_${element}`;
}

/**
 * `softmax_512x1000_f32` for dispatches that become phases of one kernel: by what they compute where that has a name,
 * else by their reductions.
 */
export function phasesName(chain: readonly Operation[]): string {
  const names = chain.map((op) => {
    const name = op.attr('sym_name');
    return name?.kind === 'string' ? name.value : '';
  });
  const [, prefix, first] = /^(.*_dispatch_\d+_)(.*)$/.exec(names[0]!) ?? ['', '', names[0]!];
  const products = names.filter((n) => /matmul|conv/.test(n)).length;
  const exponentials = chain.some((op) => op.find((o) => o.name === 'math.exp').length > 0);
  const reductions = names.flatMap((n) => /reduce_([a-z]+)/.exec(n)?.[1] ?? []);
  const root = chain.some(
    (op) => op.find((o) => o.name === 'math.sqrt' || o.name === 'math.rsqrt').length > 0,
  );
  const softmax = exponentials && reductions.join() === 'max,sum';
  const family = (): string => {
    if (softmax) return products === 2 ? 'attention' : products === 1 ? 'matmul_softmax' : 'softmax';
    if (root && products === 0 && reductions.every((r) => r === 'mean'))
      return reductions.length === 2 ? 'layer_norm' : 'rms_norm';
    return `rows_${reductions.join('_')}`;
  };
  const shape = /(_\d+(x\d+)*)?_[a-z]+\d*$/.exec(first)?.[0] ?? '';
  return `${prefix}${family()}${shape}`;
}

const mnemonic = (op: Operation): string => op.name.slice(op.dialect.length + 1);
/** `add`, `max` for `arith.addf`, `arith.maximumf`. */
function shortName(op: Operation): string {
  const name = mnemonic(op);
  if (op.dialect === 'arith') {
    if (/^(maximum|maxnum)f$|^max[su]i$/.test(name)) return 'max';
    if (/^(minimum|minnum)f$|^min[su]i$/.test(name)) return 'min';
    const stem = /^(add|sub|mul|div|neg|cmp|rem)/.exec(name)?.[1];
    if (stem !== undefined) return stem;
    if (/^(extf|truncf|extsi|extui|trunci|sitofp|uitofp|fptosi|fptoui)$/.test(name)) return 'cast';
  }
  return name.replaceAll(/[^a-z0-9]/g, '');
}

/** Ops of the body that compute. */
const work = (g: Generic): readonly Operation[] =>
  g.bodyOps.filter((o) => o.definition?.traits.has('constantLike') !== true);

function familyOf(g: Generic, followers: readonly Operation[]): string {
  if (g.isParallel) return elementwiseFamily(g);
  const windowed = g.inputs.some((i) => i.map.results.some((r) => r.kind !== 'dim' && dimsOf(r).length > 1));
  if (isContraction(g)) return contractionFamily(g, windowed);
  const combine = g.yielded[0]?.definingOp;
  const how = combine === undefined ? '' : combineName(shortName(combine));
  // A sum that is divided afterwards is a mean.
  const mean =
    how === 'sum' &&
    followers.some((f) => Generic.of(f)?.bodyOps.some((o) => o.name === 'arith.divf') === true);
  if (windowed) return `pool_${mean ? 'average' : how}`;
  return `reduce_${mean ? 'mean' : how}`;
}
const combineName = (name: string): string => (name === 'add' ? 'sum' : name === 'mul' ? 'product' : name);

/** `acc + a · b`, each side possibly cast. */
function isContraction(g: Generic): boolean {
  const sum = g.yielded[0]?.definingOp;
  if (sum === undefined || shortName(sum) !== 'add' || g.inputs.length < 2) return false;
  return sum.operands.some((v) => v.definingOp !== undefined && shortName(v.definingOp) === 'mul');
}
function contractionFamily(g: Generic, windowed: boolean): string {
  const reads = g.inputs.map((i) => new Set(i.map.results.flatMap(dimsOf)));
  const shared = g.loops.filter((kind, d) => kind === 'parallel' && reads.every((r) => r.has(d))).length;
  if (windowed) {
    const channels = g.loops.filter((kind, d) => {
      const alone = g.inputs.every((i) => i.map.results.some((r) => r.kind === 'dim' && r.index === d));
      return kind === 'reduction' && alone;
    }).length;
    if (shared === 0) return 'conv2d';
    return channels === 0 ? 'depthwise_conv2d' : 'grouped_conv2d';
  }
  return shared > 0 ? 'batch_matmul' : 'matmul';
}

function elementwiseFamily(g: Generic): string {
  const ops = work(g);
  if (ops.length > 0) return ops.length <= 3 ? `elementwise_${ops.map(shortName).join('_')}` : 'elementwise';
  const source = g.inputs.find((i) => i.argument === g.yielded[0]);
  if (source === undefined) return 'fill';
  if (source.map.isPermutation) return source.map.text === g.outputs[0]?.map.text ? 'copy' : 'transpose';
  return source.map.results.every((r) => r.kind === 'dim' || r.kind === 'constant') ? 'broadcast' : 'copy';
}
