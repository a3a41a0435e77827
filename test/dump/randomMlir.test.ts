/** Random MLIR, printed by our printer and read back by the structural parser. Seeded: STRATA_SEED. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opGraph } from '../../src/dump/semantic/opGraph';
import type { Block, Operation, Value } from '../../src/ir';
import { parseModule, printOp } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { randomNumbers } from '../randomInputs';

const seed = Number(process.env['STRATA_SEED'] ?? 1);
const COUNT = 200;

/** Types and attributes whose print is the same text. */
const types = [
  'i32',
  'f32',
  'index',
  'tensor<4x?xf32>',
  '!x.t<a, [1]>',
  '(i32) -> (f32, f32)',
  'vector<2xi8>',
];
const attributes = [
  '1 : i32',
  '"a } \\22 ) -> %b {"',
  '@f::@g',
  '[@f, "x : i32", 2 : i64]',
  '#x.y<a, b>',
  '{e = dense<[1, 2]> : tensor<2xi32>, f = unit}',
  'affine_map<(d0, d1) -> (d1, d0 + 3)>',
  'array<i64: 1, 2>',
  'tensor<2xf32>',
  'true',
];

/** Text of random ops in the generic form, with values, regions, blocks and successors. */
function randomText(next: () => number): string {
  const below = (n: number): number => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const list = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  let count = 0;
  interface Known {
    readonly name: string;
    readonly type: string;
  }
  const op = (known: Known[], depth: number, successors: readonly string[]): string => {
    const operands = known.length === 0 ? [] : list(3, () => pick(known));
    const results = list(3, () => pick(types));
    const name = `%v${count++}`;
    const regions = depth > 2 || next() < 0.7 ? [] : list(2, () => region(known, depth + 1));
    const entries = list(4, () => pick(attributes)).map((a, i) => `a${i}.b = ${a}`);
    results.forEach((type, i) => known.push({ name: results.length === 1 ? name : `${name}#${i}`, type }));
    return [
      results.length === 0 ? '' : `${name}${results.length > 1 ? `:${results.length}` : ''} = `,
      `"d${below(4)}.op_${below(9)}"(${operands.map((o) => o.name).join(', ')})`,
      successors.length === 0 ? '' : `[${successors.join(', ')}]`,
      regions.length === 0 ? '' : ` (${regions.join(', ')})`,
      entries.length === 0 ? '' : ` {${entries.join(', ')}}`,
      ` : (${operands.map((o) => o.type).join(', ')}) -> (${results.join(', ')})\n`,
    ].join('');
  };
  const region = (outer: readonly Known[], depth: number): string => {
    const labels = Array.from({ length: 1 + below(3) }, () => `^b${count++}`);
    const entry: Known[] = [...outer];
    const blocks = labels.map((label, i) => {
      const args = list(depth === 0 && i === 0 ? 0 : 2, () => ({ name: `%v${count++}`, type: pick(types) }));
      // Only the first block dominates the others.
      const known = i === 0 ? entry : [...entry];
      known.push(...args);
      const ops = list(4, () => op(known, depth, []));
      const targets = labels.length === 1 ? [] : list(2, () => pick(labels.slice(1)));
      const head = args.map((a) => `${a.name}: ${a.type}`).join(', ');
      return `${label}${head === '' ? '' : `(${head})`}:\n${ops.join('')}${op(known, depth, targets)}`;
    });
    return `{\n${blocks.join('')}}`;
  };
  return `"builtin.module"() (${region([], 0).replace(/^\{\n\^\w+:\n/, '{\n')}) : () -> ()\n`;
}

/** What an op is, with its operands as `op:result` or `op.argument`. */
interface Facts {
  readonly name: string;
  readonly operands: readonly string[];
  readonly results: number;
  readonly arguments: number;
  readonly parent: number;
  readonly place: string;
  readonly said: string;
  readonly types: string;
}

const masked = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|@[\w$.]+(?:::@[\w$.]+)*/g, (m) => (m.startsWith('@') ? '@' : m));

function realFacts(module: Operation): Facts[] {
  const numbers = new Map<Operation, number>();
  const places = new Map<Operation, { parent: number; place: string }>();
  const args = new Map<Block, { owner: number; from: number }>();
  const counts = new Map<Operation, number>();
  const visit = (op: Operation, parent: number, place: string): void => {
    const index = numbers.size;
    numbers.set(op, index);
    places.set(op, { parent, place });
    let from = 0;
    op.regions.forEach((r, i) => {
      r.blocks.forEach((b, j) => {
        args.set(b, { owner: index, from });
        from += b.args.length;
        b.ops.forEach((inner) => visit(inner, index, `${i} ${j}`));
      });
    });
    counts.set(op, from);
  };
  visit(module, -1, '0 0');
  const nameOf = (value: Value): string => {
    if (value.kind === 'result') return `${numbers.get(value.op)}:${value.index}`;
    const { owner, from } = args.get(value.block)!;
    return `${owner}.${from + value.index}`;
  };
  return [...numbers.keys()].map((op): Facts => {
    const of = (n: number, text: string): string => Array.from({ length: n }, () => text).join(', ');
    const entries = [...op.attributes].map(([key, a]) => `${key} = ${masked(a.text)}`).join(', ');
    const results = op.results.map((r) => r.type.text);
    const single = results.length === 1 && !results[0]!.includes('->');
    return {
      name: op.name,
      operands: op.operands.map(nameOf),
      results: op.results.length,
      arguments: counts.get(op)!,
      ...places.get(op)!,
      said: [
        `(${of(op.operands.length, '%')})`,
        op.successors.length === 0 ? '' : `[${of(op.successors.length, '^')}]`,
        op.regions.length === 0 ? '' : ` (${of(op.regions.length, '{}')})`,
        entries === '' ? '' : ` {${entries}}`,
        ' :',
      ].join(''),
      types: `(${op.operands.map((o) => o.type.text).join(', ')}) -> ${single ? results[0]! : `(${results.join(', ')})`}`,
    };
  });
}

function readFacts(text: string): Facts[] {
  const { ops, values, structure } = opGraph(text);
  assert.deepEqual(structure.skipped, []);
  return ops.map((op): Facts => ({
    name: op.name,
    operands: op.operands.map((v) => {
      const value = values[v];
      return value === undefined ? '?' : `${value.op}${value.argument ? '.' : ':'}${value.number}`;
    }),
    results: op.results.length,
    arguments: op.arguments.length,
    parent: op.parent,
    place: `${op.region} ${op.block}`,
    said: op.attributes,
    types: op.types,
  }));
}

test(`${COUNT} random modules from seed ${seed} on are read back as they were printed`, (t) => {
  let ops = 0;
  for (let i = 0; i < COUNT; i++) {
    const { module } = parseModule(randomText(randomNumbers(seed + i)), registry);
    const real = realFacts(module);
    for (const locations of ['none', 'alias'] as const) {
      const text = printOp(module, { form: 'generic', locations });
      assert.deepEqual(readFacts(text), real, `seed ${seed + i}\n${text}`);
    }
    ops += real.length;
  }
  t.diagnostic(`seed ${seed}, ${ops} ops`);
  assert.ok(ops > 10 * COUNT, `only ${ops} ops`);
});
