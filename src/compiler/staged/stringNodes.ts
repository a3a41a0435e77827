/** Operators on strings, which live on the host: they join, split, compare and look up. */
import { elementCountOf, type HostTensor } from '../../frontend/elementType';
import type { NodeProto } from '../../frontend/onnx/proto/onnxProto';
import { hostTensor } from '../../frontend/tensorFile';
import { compilerMessages } from '../messages';
import { int64s, intOf, textOf, texts, textsOf, truths } from './hostTensors';
import type { Ref } from './ref';
import type { HostFunction, HostNode } from './stagedRun';

type Shape = readonly number[];
const stringsOf = (t: HostTensor): readonly string[] => t.strings ?? [];

/** Two tensors of strings broadcast as in NumPy, element by element. */
function pairs(
  x: HostTensor,
  y: HostTensor,
): { readonly shape: Shape; readonly pairs: (readonly [string, string])[] } {
  const rank = Math.max(x.shape.length, y.shape.length);
  const sizes = (t: HostTensor): number[] => [
    ...new Array<number>(rank - t.shape.length).fill(1),
    ...t.shape,
  ];
  const [a, b] = [sizes(x), sizes(y)];
  const shape = a.map((d, i) => (d === 1 ? b[i]! : d));
  const at = (own: Shape, index: readonly number[]): number =>
    index.reduce((n, p, d) => n * own[d]! + (own[d] === 1 ? 0 : p), 0);
  const out = Array.from({ length: elementCountOf(shape) }, (_, flat) => {
    const index: number[] = [];
    for (let d = rank - 1, rest = flat; d >= 0; d--) {
      index[d] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    return [stringsOf(x)[at(a, index)]!, stringsOf(y)[at(b, index)]!] as const;
  });
  return { shape, pairs: out };
}

/** A host function for nodes whose inputs are strings; other nodes of the operator are for functions. */
const onStrings =
  (f: (node: NodeProto, inputs: readonly HostTensor[]) => readonly HostTensor[]): HostFunction =>
  async ({ node, inputs, run }: HostNode) => {
    if (!inputs.some((x) => x !== undefined && run.isText(x))) return undefined;
    const tensors: HostTensor[] = [];
    for (const x of inputs) if (x !== undefined) tensors.push(await run.tensor(x));
    return f(node, tensors).map((t): Ref => run.hold(t));
  };

const equal = onStrings((_, [x, y]) => {
  const both = pairs(x!, y!);
  return [
    truths(
      both.pairs.map(([a, b]) => a === b),
      both.shape,
    ),
  ];
});
const concat = onStrings((_, [x, y]) => {
  const both = pairs(x!, y!);
  return [
    texts(
      both.pairs.map(([a, b]) => a + b),
      both.shape,
    ),
  ];
});

/** Parts between delimiters; without one, between runs of white space. `limit`: how often at most. */
function split(text: string, delimiter: string, limit: number): readonly string[] {
  const parts: string[] = [];
  let rest = delimiter === '' ? text.trimStart() : text;
  while (parts.length < limit) {
    const match = delimiter === '' ? /\s+/.exec(rest) : undefined;
    const at = delimiter === '' ? (match?.index ?? -1) : rest.indexOf(delimiter);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + (match?.[0].length ?? delimiter.length));
  }
  return delimiter === '' && rest === '' ? parts : [...parts, rest];
}
const stringSplit = onStrings((node, [x]) => {
  const limit = node.attribute.find((a) => a.name === 'maxsplit')?.i;
  const parts = stringsOf(x!).map((s) =>
    split(s, textOf(node, 'delimiter', ''), limit === undefined ? Infinity : Number(limit)),
  );
  const most = Math.max(0, ...parts.map((p) => p.length));
  const padded = parts.flatMap((p) => [...p, ...new Array<string>(most - p.length).fill('')]);
  return [
    texts(padded, [...x!.shape, most]),
    int64s(
      parts.map((p) => p.length),
      x!.shape,
    ),
  ];
});

const fullMatch = onStrings((node, [x]) => {
  const pattern = textOf(node, 'pattern', '');
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${pattern})$`, 'su');
  } catch (cause) {
    const found = `the pattern ${pattern}`;
    throw compilerMessages.error('STR0586', { node: node.name, operator: node.opType, found }, { cause });
  }
  return [
    truths(
      stringsOf(x!).map((s) => expression.test(s)),
      x!.shape,
    ),
  ];
});

/** Case, accents and stop words. An input of one row loses what becomes empty. */
const normalize = onStrings((node, [x]) => {
  const action = textOf(node, 'case_change_action', 'NONE');
  const change = (s: string): string =>
    action === 'LOWER' ? s.toLowerCase() : action === 'UPPER' ? s.toUpperCase() : s;
  const sensitive = intOf(node, 'is_case_sensitive', 0) !== 0;
  const given = textsOf(node, 'stopwords');
  const stops = new Set(sensitive ? given : given.map(change));
  const plain = (s: string): string =>
    /^[\x00-\x7f]*$/.test(s) ? s : s.normalize('NFKD').replace(/\p{M}/gu, '');
  const kept = (s: string): string =>
    s
      .split(' ')
      .filter((word) => !stops.has(word))
      .join(' ');
  const done = stringsOf(x!).map((s) => (sensitive ? change(kept(plain(s))) : kept(change(plain(s)))));
  const { shape } = x!;
  if (shape.length === 2 && shape[0] !== 1) return [texts(done, shape)];
  const left = done.filter((s) => s !== '');
  const words = left.length === 0 ? [''] : left;
  return [texts(words, shape.length === 2 ? [1, words.length] : [words.length])];
});

/** Values by keys, of any two types that a model can name. */
const encodeLabels: HostFunction = async ({ node, inputs, run }) => {
  const x = await run.tensor(inputs[0]!);
  const tensorOf = (name: string): HostTensor | undefined => {
    const t = node.attribute.find((a) => a.name === name)?.t;
    return t === undefined ? undefined : hostTensor(t);
  };
  const listed = (stem: string): HostTensor | undefined => {
    const given = node.attribute.find((a) => a.name.startsWith(`${stem}_`) && a.name !== `${stem}_tensor`);
    if (given === undefined) return tensorOf(`${stem}_tensor`);
    if (given.name.endsWith('_strings')) return texts(textsOf(node, given.name), [given.strings.length]);
    if (given.name.endsWith('_int64s')) return int64s(given.ints);
    return {
      elementType: 'f32',
      shape: [given.floats.length],
      bytes: new Uint8Array(Float32Array.from(given.floats).buffer),
    };
  };
  const [keys, values] = [listed('keys'), listed('values')];
  if (keys === undefined || values === undefined)
    throw compilerMessages.error('STR0586', {
      node: node.name,
      operator: node.opType,
      found: 'no keys or values',
    });
  const places = new Map(elementKeys(keys).map((k, i) => [k, i]));
  const absent = tensorOf('default_tensor') ?? defaultLabel(node, values);
  return [
    run.hold(
      chosen(
        values,
        absent,
        elementKeys(x).map((k) => places.get(k)),
        x.shape,
      ),
    ),
  ];
};
/** Elements in a form that compares. */
function elementKeys(t: HostTensor): readonly (string | number)[] {
  if (t.strings !== undefined) return t.strings;
  const own = t.bytes.slice().buffer;
  const size = t.bytes.length / Math.max(1, elementCountOf(t.shape));
  if (t.elementType === 'f32') return [...new Float32Array(own)];
  if (t.elementType === 'f64') return [...new Float64Array(own)];
  return size === 8 ? Array.from(new BigInt64Array(own), Number) : [...new Int32Array(own)];
}
function defaultLabel(node: NodeProto, values: HostTensor): HostTensor {
  if (values.elementType === 'string') return texts([textOf(node, 'default_string', '_Unused')], [1]);
  if (values.elementType === 'i64') return int64s([intOf(node, 'default_int64', -1)]);
  const value = node.attribute.find((a) => a.name === 'default_float')?.f ?? -0;
  return { elementType: 'f32', shape: [1], bytes: new Uint8Array(Float32Array.of(value).buffer) };
}
function chosen(
  values: HostTensor,
  absent: HostTensor,
  places: readonly (number | undefined)[],
  shape: Shape,
): HostTensor {
  if (values.strings !== undefined)
    return texts(
      places.map((p) => (p === undefined ? absent.strings![0]! : values.strings![p]!)),
      shape,
    );
  const size = absent.bytes.length;
  const bytes = new Uint8Array(size * places.length);
  places.forEach((p, i) =>
    bytes.set(p === undefined ? absent.bytes : values.bytes.subarray(p * size, (p + 1) * size), i * size),
  );
  return { elementType: values.elementType, shape, bytes };
}

export const stringNodes: Readonly<Record<string, HostFunction>> = {
  Equal: equal,
  StringConcat: concat,
  StringSplit: stringSplit,
  RegexFullMatch: fullMatch,
  StringNormalizer: normalize,
  'ai.onnx.ml.LabelEncoder': encodeLabels,
};
