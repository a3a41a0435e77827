/** `If`, `Loop` and `Scan` on the host: which subgraph runs, how often, and what becomes of its results. */
import type { GraphProto, NodeProto } from '../../frontend/onnx/proto/onnxProto';
import { compilerMessages } from '../messages';
import {
  int64s,
  integersOf,
  intAttribute,
  intOf,
  intsAttribute,
  intsOf,
  isTrue,
  truths,
} from './hostTensors';
import type { Ref } from './ref';
import type { HostFunction, HostNode, StagedRun } from './stagedRun';

export function graphOf(node: NodeProto, name: string): GraphProto {
  const graph = node.attribute.find((a) => a.name === name)?.g;
  if (graph === undefined)
    throw compilerMessages.error('STR0586', { node: node.name, operator: node.opType, found: `no ${name}` });
  return graph;
}

/** `x` with a new axis of size 1. */
export function withAxis(run: StagedRun, like: NodeProto, x: Ref, axis: number): Ref {
  const opset = run.model.opsets.get('') ?? 0;
  return opset >= 13
    ? run.emit(like, 'Unsqueeze', [x, run.hold(int64s([axis]))])
    : run.emit(like, 'Unsqueeze', [x], [intsAttribute('axes', [axis])]);
}
export const concatenated = (run: StagedRun, like: NodeProto, parts: readonly Ref[], axis: number): Ref =>
  parts.length === 1 ? parts[0]! : run.emit(like, 'Concat', parts, [intAttribute('axis', axis)]);
/** Values of one shape along a new axis. */
export function stacked(run: StagedRun, like: NodeProto, parts: readonly Ref[], axis: number): Ref {
  const at = axis;
  return concatenated(
    run,
    like,
    parts.map((p) => withAxis(run, like, p, at)),
    at,
  );
}
/** What lies at one position of an axis. */
const taken = (run: StagedRun, like: NodeProto, x: Ref, axis: number, at: number): Ref =>
  run.emit(like, 'Gather', [x, run.hold(int64s([at], []))], [intAttribute('axis', axis)]);

/** No iteration: a tensor without elements, of the shape that the body declares. */
function emptyOf({ run }: HostNode, body: GraphProto, output: number): Ref {
  const type = body.output[output]?.type?.tensorType;
  const inner = type?.shape?.dim.map((d) => d.dimValue ?? 0) ?? [];
  return run.hold({ ...run.elementLike(type?.elemType ?? 1), shape: [0, ...inner] });
}

const ifNode: HostFunction = async ({ node, inputs, run, scope }) => {
  const chosen = isTrue(await run.tensor(inputs[0]!)) ? 'then_branch' : 'else_branch';
  return run.subgraph(graphOf(node, chosen), [], scope);
};

const loopNode: HostFunction = async (h) => {
  const { node, inputs, run, scope } = h;
  const body = graphOf(node, 'body');
  const [count, condition, ...initial] = inputs;
  const limit = count === undefined ? Infinity : integersOf(await run.tensor(count))[0]!;
  let live = condition === undefined || isTrue(await run.tensor(condition));
  let carried = initial as readonly Ref[];
  const collected: Ref[][] = body.output.slice(1 + initial.length).map(() => []);
  for (let i = 0; i < limit && live; i++) {
    const given = [run.hold(int64s([i], [])), run.hold(truths([live])), ...carried];
    const [next, ...values] = await run.subgraph(body, given, scope);
    carried = values.slice(0, initial.length);
    values.slice(initial.length).forEach((v, k) => collected[k]!.push(v));
    // A condition that is not given and a count that is: the body's condition does not end the loop.
    if (condition !== undefined || count === undefined)
      live = isTrue(run.constant(next!) ?? (await run.tensor(next!)));
    await run.endIteration([...inputs, ...carried, ...collected.flat()]);
  }
  return [
    ...carried,
    ...collected.map((parts, k) =>
      parts.length === 0 ? emptyOf(h, body, 1 + initial.length + k) : stacked(run, node, parts, 0),
    ),
  ];
};

/** As of opset 9: states, then what is taken apart along its scan axes. */
async function scan(
  { node, inputs, run, scope }: HostNode,
  body: GraphProto,
  states: readonly Ref[],
  scanned: readonly Ref[],
  axes: { readonly input: readonly number[]; readonly output: readonly number[] },
  reversed: { readonly input: readonly number[]; readonly output: readonly number[] },
  /** What the node still needs besides. */
  held: readonly Ref[] = [],
): Promise<readonly Ref[]> {
  const ranks: number[] = [];
  let length = 0;
  for (const [k, x] of scanned.entries()) {
    const { shape } = await run.tensor(x);
    ranks.push(shape.length);
    const axis = axes.input[k] ?? 0;
    if (k === 0) length = shape[axis < 0 ? axis + shape.length : axis]!;
  }
  let carried = states;
  const collected: Ref[][] = body.output.slice(states.length).map(() => []);
  for (let i = 0; i < length; i++) {
    const slices = scanned.map((x, k) =>
      taken(run, node, x, axes.input[k] ?? 0, reversed.input[k] === 1 ? length - 1 - i : i),
    );
    const values = await run.subgraph(body, [...carried, ...slices], scope);
    carried = values.slice(0, states.length);
    values.slice(states.length).forEach((v, k) => {
      if (reversed.output[k] === 1) collected[k]!.unshift(v);
      else collected[k]!.push(v);
    });
    await run.endIteration([...inputs, ...held, ...scanned, ...carried, ...collected.flat()]);
  }
  return [...carried, ...collected.map((parts, k) => stacked(run, node, parts, axes.output[k] ?? 0))];
}
const scanNode: HostFunction = async (h) => {
  const { node, run } = h;
  const body = graphOf(node, 'body');
  const count = intOf(node, 'num_scan_inputs', 1);
  if ((run.model.opsets.get('') ?? 0) >= 9) {
    const inputs = h.inputs as readonly Ref[];
    const split = inputs.length - count;
    return scan(
      h,
      body,
      inputs.slice(0, split),
      inputs.slice(split),
      { input: intsOf(node, 'scan_input_axes'), output: intsOf(node, 'scan_output_axes') },
      { input: intsOf(node, 'scan_input_directions'), output: intsOf(node, 'scan_output_directions') },
    );
  }
  // Opset 8: all have a leading batch axis, and the lengths of sequences come first.
  const [lengths, ...inputs] = h.inputs;
  if (lengths !== undefined)
    throw compilerMessages.error('STR0586', {
      node: node.name,
      operator: 'Scan',
      found: 'lengths of sequences',
    });
  const given = inputs as readonly Ref[];
  const split = given.length - count;
  const batches = (await run.tensor(given[0]!)).shape[0]!;
  const rows: (readonly Ref[])[] = [];
  for (let i = 0; i < batches; i++) {
    const own = given.map((x) => taken(run, node, x, 0, i));
    const reversed = { input: intsOf(node, 'directions'), output: [] };
    rows.push(
      await scan(
        h,
        body,
        own.slice(0, split),
        own.slice(split),
        { input: [], output: [] },
        reversed,
        rows.flat(),
      ),
    );
  }
  return rows[0]!.map((_, k) =>
    stacked(
      run,
      node,
      rows.map((row) => row[k]!),
      0,
    ),
  );
};

export const controlNodes: Readonly<Record<string, HostFunction>> = {
  If: ifNode,
  Loop: loopNode,
  Scan: scanNode,
};
