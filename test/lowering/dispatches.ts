/** Texts of hand-written dispatches of every family, for tests of schedules, loops and buffers. */

const shape = (dims: readonly number[], element = 'f32'): string =>
  `tensor<${dims.map((d) => `${d}x`).join('')}${element}>`;
const map = (dims: number, ...results: readonly string[]): string =>
  `affine_map<(${Array.from({ length: dims }, (_, i) => `d${i}`).join(', ')}) -> (${results.join(', ')})>`;
const identity = (dims: number): string => map(dims, ...Array.from({ length: dims }, (_, i) => `d${i}`));
const parallel = (n: number): string => Array.from({ length: n }, () => '"parallel"').join(', ');

export interface DispatchText {
  readonly name: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly element: string }[];
  readonly text: string;
}

/** A module whose @main runs one dispatch on its arguments. */
function moduleOf(
  name: string,
  inputs: DispatchText['inputs'],
  results: readonly string[],
  body: string,
  target = '',
): DispatchText {
  const types = inputs.map((i) => shape(i.shape, i.element));
  const list = types.join(', ');
  const outs = results.length === 1 ? results[0]! : `(${results.join(', ')})`;
  const values = results.length === 1 ? '%0' : results.map((_, i) => `%0#${i}`).join(', ');
  const text = `
module${target} {
  func.func @main(${types.map((x, i) => `%arg${i}: ${x}`).join(', ')}) -> ${outs} {
    %0${results.length === 1 ? '' : `:${results.length}`} = "dispatch.region"(${types.map((_, i) => `%arg${i}`).join(', ')}) <{sym_name = "${name}"}> ({
    ^bb0(${types.map((x, i) => `%in${i}: ${x}`).join(', ')}):
${body}
    }) : (${list}) -> ${outs}
    return ${values} : ${results.join(', ')}
  }
}
`;
  return { name, inputs, text };
}
const f32 = (...dims: number[]): { shape: readonly number[]; element: string } => ({
  shape: dims,
  element: 'f32',
});

export interface ConvOptions {
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly f: number;
  readonly k: readonly [number, number];
  readonly stride?: number;
  readonly dilation?: number;
  readonly pad?: readonly [number, number, number, number];
  readonly depthwise?: boolean;
  readonly residual?: boolean;
  readonly clip?: boolean;
}

/** NHWC convolution with padding, bias, optional residual and clip. */
export function conv(o: ConvOptions): DispatchText {
  const {
    n = 1,
    h,
    w,
    c,
    k,
    stride = 1,
    dilation = 1,
    pad = [0, 0, 0, 0],
    depthwise = false,
    residual = false,
    clip = true,
  } = o;
  const f = depthwise ? c : o.f;
  const [top, left, bottom, right] = pad;
  const oh = Math.floor((h + top + bottom - (k[0] - 1) * dilation - 1) / stride) + 1;
  const ow = Math.floor((w + left + right - (k[1] - 1) * dilation - 1) / stride) + 1;
  const x = shape([n, h, w, c]);
  const padded = shape([n, h + top + bottom, w + left + right, c]);
  const out = shape([n, oh, ow, f]);
  const weight = depthwise ? [k[0], k[1], c] : [k[0], k[1], c, f];
  const walk = (d: string, t: string): string =>
    `${d}${stride > 1 ? ` * ${stride}` : ''} + ${t}${dilation > 1 ? ` * ${dilation}` : ''}`;
  const maps = depthwise
    ? [
        map(6, 'd0', walk('d1', 'd4'), walk('d2', 'd5'), 'd3'),
        map(6, 'd4', 'd5', 'd3'),
        map(6, 'd0', 'd1', 'd2', 'd3'),
      ]
    : [
        map(7, 'd0', walk('d1', 'd4'), walk('d2', 'd5'), 'd6'),
        map(7, 'd4', 'd5', 'd6', 'd3'),
        map(7, 'd0', 'd1', 'd2', 'd3'),
      ];
  const reductions = depthwise ? '"reduction", "reduction"' : '"reduction", "reduction", "reduction"';
  const inputs = [f32(n, h, w, c), f32(...weight), f32(f), ...(residual ? [f32(n, oh, ow, f)] : [])];
  const source = pad.some((p) => p !== 0) ? '%pad' : '%in0';
  const sourceType = pad.some((p) => p !== 0) ? padded : x;
  const body = `
      %zero = arith.constant 0.000000e+00 : f32
      %six = arith.constant 6.000000e+00 : f32
      ${
        pad.some((p) => p !== 0)
          ? `%pad = tensor.pad %in0 low[0, ${top}, ${left}, 0] high[0, ${bottom}, ${right}, 0] {
      ^bb0(%p0: index, %p1: index, %p2: index, %p3: index):
        tensor.yield %zero : f32
      } : ${x} to ${padded}`
          : ''
      }
      %empty = tensor.empty() : ${out}
      %fill = linalg.fill ins(%zero : f32) outs(%empty : ${out}) -> ${out}
      %conv = linalg.generic {indexing_maps = [${maps.join(', ')}], iterator_types = [${parallel(4)}, ${reductions}]} ins(${source}, %in1 : ${sourceType}, ${shape(weight)}) outs(%fill : ${out}) {
      ^bb0(%a: f32, %b: f32, %acc: f32):
        %m = arith.mulf %a, %b : f32
        %s = arith.addf %acc, %m : f32
        linalg.yield %s : f32
      } -> ${out}
      %empty2 = tensor.empty() : ${out}
      %act = linalg.generic {indexing_maps = [${identity(4)}, ${map(4, 'd3')}, ${residual ? `${identity(4)}, ` : ''}${identity(4)}], iterator_types = [${parallel(4)}]} ins(%conv, %in2${residual ? ', %in3' : ''} : ${out}, ${shape([f])}${residual ? `, ${out}` : ''}) outs(%empty2 : ${out}) {
      ^bb0(%a: f32, %b: f32, ${residual ? '%r: f32, ' : ''}%o: f32):
        %s = arith.addf %a, %b : f32
        ${residual ? '%s2 = arith.addf %s, %r : f32' : ''}
        ${clip ? `%lo = arith.maximumf ${residual ? '%s2' : '%s'}, %zero : f32\n        %hi = arith.minimumf %lo, %six : f32` : ''}
        linalg.yield ${clip ? '%hi' : residual ? '%s2' : '%s'} : f32
      } -> ${out}
      "dispatch.yield"(%act) : (${out}) -> ()`;
  return moduleOf('conv', inputs, [out], body);
}

/** `out[m, n] = Σk a[m, k] · b[k, n]`, or b[n, k] when `transposed`; the batch is leading. */
export function matmul(
  m: number,
  n: number,
  k: number,
  o: { readonly transposed?: boolean; readonly batch?: number } = {},
): DispatchText {
  const { transposed = false, batch } = o;
  const lead = batch === undefined ? [] : [batch];
  const d = batch === undefined ? ['d0', 'd1', 'd2'] : ['d1', 'd2', 'd3'];
  const first = batch === undefined ? [] : ['d0'];
  const rank = 3 + first.length;
  const out = shape([...lead, m, n]);
  const b = transposed ? [...lead, n, k] : [...lead, k, n];
  const maps = [
    map(rank, ...first, d[0]!, d[2]!),
    map(rank, ...first, ...(transposed ? [d[1]!, d[2]!] : [d[2]!, d[1]!])),
    map(rank, ...first, d[0]!, d[1]!),
  ];
  const body = `
      %zero = arith.constant 0.000000e+00 : f32
      %empty = tensor.empty() : ${out}
      %fill = linalg.fill ins(%zero : f32) outs(%empty : ${out}) -> ${out}
      %mm = linalg.generic {indexing_maps = [${maps.join(', ')}], iterator_types = [${parallel(rank - 1)}, "reduction"]} ins(%in0, %in1 : ${shape([...lead, m, k])}, ${shape(b)}) outs(%fill : ${out}) {
      ^bb0(%a: f32, %b: f32, %acc: f32):
        %p = arith.mulf %a, %b : f32
        %s = arith.addf %acc, %p : f32
        linalg.yield %s : f32
      } -> ${out}
      "dispatch.yield"(%mm) : (${out}) -> ()`;
  return moduleOf('matmul', [f32(...lead, m, k), f32(...b)], [out], body);
}

/** NHWC pooling; average divides by the window's size. */
export function pool(o: {
  readonly kind: 'max' | 'average';
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly k: number;
  readonly stride: number;
  readonly pad: number;
}): DispatchText {
  const { kind, h, w, c, k, stride, pad } = o;
  const oh = Math.floor((h + 2 * pad - k) / stride) + 1;
  const ow = Math.floor((w + 2 * pad - k) / stride) + 1;
  const padded = shape([1, h + 2 * pad, w + 2 * pad, c]);
  const out = shape([1, oh, ow, c]);
  const start = kind === 'max' ? '0xFF800000' : '0.000000e+00';
  const maps = [
    map(6, 'd0', `d1 * ${stride} + d4`, `d2 * ${stride} + d5`, 'd3'),
    map(6, 'd4', 'd5'),
    map(6, 'd0', 'd1', 'd2', 'd3'),
  ];
  const body = `
      %start = arith.constant ${start} : f32
      %window = tensor.empty() : ${shape([k, k])}
      %pad = tensor.pad %in0 low[0, ${pad}, ${pad}, 0] high[0, ${pad}, ${pad}, 0] {
      ^bb0(%p0: index, %p1: index, %p2: index, %p3: index):
        tensor.yield %start : f32
      } : ${shape([1, h, w, c])} to ${padded}
      %empty = tensor.empty() : ${out}
      %fill = linalg.fill ins(%start : f32) outs(%empty : ${out}) -> ${out}
      %pool = linalg.generic {indexing_maps = [${maps.join(', ')}], iterator_types = [${parallel(4)}, "reduction", "reduction"]} ins(%pad, %window : ${padded}, ${shape([k, k])}) outs(%fill : ${out}) {
      ^bb0(%a: f32, %b: f32, %acc: f32):
        %s = arith.${kind === 'max' ? 'maximumf' : 'addf'} %acc, %a : f32
        linalg.yield %s : f32
      } -> ${out}
      ${
        kind === 'max'
          ? `"dispatch.yield"(%pool) : (${out}) -> ()`
          : `%count = arith.constant ${(k * k).toFixed(1)} : f32
      %mean = linalg.generic {indexing_maps = [${identity(4)}, ${identity(4)}], iterator_types = [${parallel(4)}]} ins(%pool : ${out}) outs(%empty : ${out}) {
      ^bb0(%a: f32, %o: f32):
        %q = arith.divf %a, %count : f32
        linalg.yield %q : f32
      } -> ${out}
      "dispatch.yield"(%mean) : (${out}) -> ()`
      }`;
  return moduleOf('pool', [f32(1, h, w, c)], [out], body);
}

/** Joins `axes` of the input by sum or maximum; with `producer`, of exp(x). */
export function reduce(
  dims: readonly number[],
  axes: readonly number[],
  kind: 'addf' | 'maximumf',
  o: { readonly producer?: boolean; readonly element?: 'f32' | 'i64' | 'i32' } = {},
): DispatchText {
  const { producer = false, element = 'f32' } = o;
  const kept = dims.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const input = shape(dims, element);
  const out = shape(
    kept.map((i) => dims[i]!),
    element,
  );
  const iterators = dims.map((_, i) => (axes.includes(i) ? '"reduction"' : '"parallel"')).join(', ');
  const start =
    element === 'f32'
      ? kind === 'addf'
        ? '0.000000e+00'
        : '0xFF800000'
      : kind === 'addf'
        ? '0'
        : '-1000000';
  const op = element === 'f32' ? kind : kind === 'addf' ? 'addi' : 'maxsi';
  const body = `
      %start = arith.constant ${start} : ${element}
      %empty = tensor.empty() : ${out}
      %fill = linalg.fill ins(%start : ${element}) outs(%empty : ${out}) -> ${out}
      ${
        producer
          ? `%e0 = tensor.empty() : ${input}
      %exp = linalg.generic {indexing_maps = [${identity(dims.length)}, ${identity(dims.length)}], iterator_types = [${parallel(dims.length)}]} ins(%in0 : ${input}) outs(%e0 : ${input}) {
      ^bb0(%a: f32, %o: f32):
        %x = math.exp %a : f32
        linalg.yield %x : f32
      } -> ${input}`
          : ''
      }
      %red = linalg.generic {indexing_maps = [${identity(dims.length)}, ${map(dims.length, ...kept.map((i) => `d${i}`))}], iterator_types = [${iterators}]} ins(${producer ? '%exp' : '%in0'} : ${input}) outs(%fill : ${out}) {
      ^bb0(%a: ${element}, %acc: ${element}):
        %s = arith.${op} %acc, %a : ${element}
        linalg.yield %s : ${element}
      } -> ${out}
      "dispatch.yield"(%red) : (${out}) -> ()`;
  return moduleOf('reduce', [{ shape: dims, element }], [out], body);
}

/** `exp(x - m) / s` with one m and s per row: the last piece of a softmax. */
export function softmaxTail(rows: number, columns: number): DispatchText {
  const x = shape([rows, columns]);
  const r = shape([rows]);
  const body = `
      %e = tensor.empty() : ${x}
      %0 = linalg.generic {indexing_maps = [${identity(2)}, ${map(2, 'd0')}, ${map(2, 'd0')}, ${identity(2)}], iterator_types = [${parallel(2)}]} ins(%in0, %in1, %in2 : ${x}, ${r}, ${r}) outs(%e : ${x}) {
      ^bb0(%a: f32, %m: f32, %s: f32, %o: f32):
        %d = arith.subf %a, %m : f32
        %p = math.exp %d : f32
        %q = arith.divf %p, %s : f32
        linalg.yield %q : f32
      } -> ${x}
      "dispatch.yield"(%0) : (${x}) -> ()`;
  return moduleOf('softmax', [f32(rows, columns), f32(rows), f32(rows)], [x], body);
}

/** Two elementwise ops in a row, the second operand broadcast along all dims but the last; sigmoid at the end. */
export function elementwise(dims: readonly number[]): DispatchText {
  const x = shape(dims);
  const last = dims.length - 1;
  const body = `
      %one = arith.constant 1.000000e+00 : f32
      %e = tensor.empty() : ${x}
      %0 = linalg.generic {indexing_maps = [${identity(dims.length)}, ${map(dims.length, `d${last}`)}, ${identity(dims.length)}], iterator_types = [${parallel(dims.length)}]} ins(%in0, %in1 : ${x}, ${shape([dims[last]!])}) outs(%e : ${x}) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %s = arith.mulf %a, %b : f32
        linalg.yield %s : f32
      } -> ${x}
      %1 = linalg.generic {indexing_maps = [${identity(dims.length)}, ${identity(dims.length)}, ${identity(dims.length)}], iterator_types = [${parallel(dims.length)}]} ins(%0, %in0 : ${x}, ${x}) outs(%e : ${x}) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %n = arith.negf %a : f32
        %x = math.exp %n : f32
        %d = arith.addf %x, %one : f32
        %q = arith.divf %b, %d : f32
        linalg.yield %q : f32
      } -> ${x}
      "dispatch.yield"(%1) : (${x}) -> ()`;
  return moduleOf('elementwise', [f32(...dims), f32(dims[last]!)], [x], body);
}

export function transpose(
  dims: readonly number[],
  permutation: readonly number[],
  element = 'f32',
): DispatchText {
  const out = shape(
    permutation.map((p) => dims[p]!),
    element,
  );
  const input = shape(dims, element);
  const inverse = dims.map((_, i) => `d${permutation.indexOf(i)}`);
  const body = `
      %e = tensor.empty() : ${out}
      %0 = linalg.generic {indexing_maps = [${map(dims.length, ...inverse)}, ${identity(dims.length)}], iterator_types = [${parallel(dims.length)}]} ins(%in0 : ${input}) outs(%e : ${out}) {
      ^bb0(%a: ${element}, %o: ${element}):
        linalg.yield %a : ${element}
      } -> ${out}
      "dispatch.yield"(%0) : (${out}) -> ()`;
  return moduleOf('transpose', [{ shape: dims, element }], [out], body);
}

/** Padding that is stored. */
export function pad(dims: readonly number[], low: readonly number[], high: readonly number[]): DispatchText {
  const input = shape(dims);
  const out = shape(dims.map((d, i) => d + low[i]! + high[i]!));
  const body = `
      %v = arith.constant 2.500000e+00 : f32
      %0 = tensor.pad %in0 low[${low.join(', ')}] high[${high.join(', ')}] {
      ^bb0(${dims.map((_, i) => `%p${i}: index`).join(', ')}):
        tensor.yield %v : f32
      } : ${input} to ${out}
      "dispatch.yield"(%0) : (${out}) -> ()`;
  return moduleOf('pad', [f32(...dims)], [out], body);
}

/** Comparison and choice: i1 in registers, and i1 stored as a second result. */
export function compare(dims: readonly number[]): DispatchText {
  const x = shape(dims);
  const m = shape(dims, 'i1');
  const id = identity(dims.length);
  const body = `
      %zero = arith.constant 0.000000e+00 : f32
      %e = tensor.empty() : ${x}
      %em = tensor.empty() : ${m}
      %0:2 = linalg.generic {indexing_maps = [${id}, ${id}, ${id}, ${id}], iterator_types = [${parallel(dims.length)}]} ins(%in0, %in1 : ${x}, ${x}) outs(%e, %em : ${x}, ${m}) {
      ^bb0(%a: f32, %b: f32, %o: f32, %p: i1):
        %c = arith.cmpf ogt, %a, %b : f32
        %s = arith.select %c, %a, %zero : f32
        linalg.yield %s, %c : f32, i1
      } -> (${x}, ${m})
      "dispatch.yield"(%0#0, %0#1) : (${x}, ${m}) -> ()`;
  return moduleOf('compare', [f32(...dims), f32(...dims)], [x, m], body);
}

/** Joins two tensors along an axis. */
export function concat(a: readonly number[], b: readonly number[], axis: number): DispatchText {
  const out = shape(a.map((d, i) => (i === axis ? d + b[i]! : d)));
  const body = `
      %0 = tensor.concat dim(${axis}) %in0, %in1 : (${shape(a)}, ${shape(b)}) -> ${out}
      "dispatch.yield"(%0) : (${out}) -> ()`;
  return moduleOf('concat', [f32(...a), f32(...b)], [out], body);
}
