/**
 * The body that matrix products and convolutions have, `out + a · b` in f32 or f64, as one loop over the operands'
 * arrays. Rounds as the two ops do one after the other.
 */
import type { Operation, Value } from '../operation';
import type { Strip, StripFunction, StripOperand, Structured } from './structured';

type Make = (operands: readonly (StripOperand | undefined)[], strip: Strip) => StripFunction | undefined;

const definedBy = (value: Value, name: string): Operation | undefined =>
  value.definingOp?.name === name ? value.definingOp : undefined;

/** A loop for the op, when its body has this form. */
export function multiplyAddOf(s: Structured): Make | undefined {
  const [block] = s.body.blocks;
  if (block === undefined || s.inputs.length !== 2 || s.outputs.length !== 1 || block.ops.length !== 3)
    return undefined;
  const [x, y, sum] = block.args;
  const add = definedBy(block.terminator.operands[0]!, 'arith.addf');
  const product = add?.operands.map((v) => definedBy(v, 'arith.mulf')).find((o) => o !== undefined);
  if (add === undefined || product === undefined || !add.operands.includes(sum!)) return undefined;
  if (!product.operands.includes(x!) || !product.operands.includes(y!)) return undefined;
  const type = sum!.type.text;
  if (type === 'f32') return (operands, strip) => loopOver(operands, strip, Float32Array, multiplyAdd32);
  return type === 'f64'
    ? (operands, strip) => loopOver(operands, strip, Float64Array, multiplyAdd64)
    : undefined;
}

type Loop<A> = (
  out: A,
  o: number,
  oStep: number,
  a: A,
  i: number,
  iStep: number,
  b: A,
  j: number,
  jStep: number,
  count: number,
) => void;

function loopOver<A extends Float32Array | Float64Array>(
  operands: readonly (StripOperand | undefined)[],
  strip: Strip,
  kind: abstract new (...args: never[]) => A,
  loop: Loop<A>,
): StripFunction | undefined {
  const [a, b, out] = operands;
  if (a?.strides === undefined || b?.strides === undefined || out?.strides === undefined) return undefined;
  const [x, y, z] = [a.data, b.data, out.data];
  if (!(x instanceof kind) || !(y instanceof kind) || !(z instanceof kind)) return undefined;
  const step = (o: StripOperand): number => o.strides![strip.loop] ?? 0;
  const [xStep, yStep, zStep] = [step(a), step(b), step(out)];
  return (offsets, count) => {
    loop(z, offsets[2]!, zStep, x, offsets[0]!, xStep, y, offsets[1]!, yStep, count);
  };
}

// Two loops of one text: each sees one class of array, which is what makes it fast.
function multiplyAdd32(
  out: Float32Array,
  o: number,
  oStep: number,
  a: Float32Array,
  i: number,
  iStep: number,
  b: Float32Array,
  j: number,
  jStep: number,
  count: number,
): void {
  if (iStep === 0 && jStep === 1 && oStep === 1) {
    const x = a[i]!;
    for (let k = 0; k < count; k++) out[o + k] = out[o + k]! + Math.fround(x * b[j + k]!);
    return;
  }
  for (let k = 0; k < count; k++) {
    out[o] = out[o]! + Math.fround(a[i]! * b[j]!);
    o += oStep;
    i += iStep;
    j += jStep;
  }
}
function multiplyAdd64(
  out: Float64Array,
  o: number,
  oStep: number,
  a: Float64Array,
  i: number,
  iStep: number,
  b: Float64Array,
  j: number,
  jStep: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) {
    out[o] = out[o]! + a[i]! * b[j]!;
    o += oStep;
    i += iStep;
    j += jStep;
  }
}
