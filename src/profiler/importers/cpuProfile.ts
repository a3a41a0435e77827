/** V8 CPU profiles (`.cpuprofile`, `node --cpu-prof`, Chrome's and VS Code's): a tree of nodes and one node per sample. */
import { TraceBuilder } from '../traceBuilder';
import type { Trace } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { field, items, looseJson, numberOf, textOf } from './looseJson';
import { SampledStacks } from './sampledStacks';
import type { Frame } from './sampledStacks';
import { headText } from './textLines';

const FORMAT = 'CPU profile';
const IDLE = '(idle)';
const COLLECTOR = '(garbage collector)';

interface Node {
  readonly name: string;
  readonly url: string;
  readonly line: number;
  parent: number;
}

function read(bytes: Uint8Array, file: string): Trace {
  const { value, brokenAt } = looseJson(bytes);
  const builder = new TraceBuilder(file);
  const damage = new Damage(file, FORMAT, bytes.length);
  if (brokenAt !== undefined) damage.cut(brokenAt);
  const nodes = readNodes(value);
  const track = builder.addTrack({ kind: 'thread', name: textOf(field(value, 'title')) ?? 'JavaScript' });
  const frames = new Map<number, Frame>();
  const stacks = new SampledStacks(builder, track, (id) => {
    let frame = frames.get(id);
    if (frame === undefined) {
      const { name, url, line } = nodes.get(id)!;
      if (url !== '') builder.arg('file', url);
      if (line >= 0) builder.arg('line', line + 1);
      frame = { name: builder.intern(name === '' ? '(anonymous)' : name), args: builder.endArgs() };
      frames.set(id, frame);
    }
    return frame;
  });
  const samples = samplesOf(value);
  let before: readonly number[] = [];
  let last = 0;
  for (const { node, time } of samples) {
    const path = pathOf(nodes, node);
    if (path === undefined) {
      damage.skip();
      continue;
    }
    const name = nodes.get(node)?.name;
    // The collector runs on top of what it interrupts; its node hangs below the root.
    const stack = name === IDLE ? [] : name === COLLECTOR ? [...before, node] : path;
    stacks.sample(time, stack);
    if (name !== COLLECTOR) before = stack;
    last = time;
  }
  const start = numberOf(field(value, 'startTime')) ?? 0;
  const end = numberOf(field(value, 'endTime'));
  stacks.sample(Math.max(last, end === undefined ? last : Math.round((end - start) * 1000)), []);
  return damage.finish(builder, BigInt(Math.round(start * 1000)));
}

function readNodes(value: unknown): Map<number, Node> {
  const nodes = new Map<number, Node>();
  const children: (readonly [number, number])[] = [];
  for (const raw of items(field(value, 'nodes'))) {
    const id = numberOf(field(raw, 'id'));
    const frame = field(raw, 'callFrame');
    if (id === undefined) continue;
    nodes.set(id, {
      name: textOf(field(frame, 'functionName')) ?? '',
      url: textOf(field(frame, 'url')) ?? '',
      line: numberOf(field(frame, 'lineNumber')) ?? -1,
      parent: numberOf(field(raw, 'parent')) ?? -1,
    });
    for (const child of items(field(raw, 'children'))) children.push([id, numberOf(child) ?? -1]);
  }
  for (const [parent, child] of children) {
    const node = nodes.get(child);
    if (node !== undefined) node.parent = parent;
  }
  return nodes;
}

/** Samples in order of time, in nanoseconds after the start; recorded deltas may be negative. */
function samplesOf(value: unknown): readonly { readonly node: number; readonly time: number }[] {
  const deltas = items(field(value, 'timeDeltas'));
  let micros = 0;
  const samples = items(field(value, 'samples')).map((node, i) => {
    micros += numberOf(deltas[i]) ?? 0;
    return { node: numberOf(node) ?? -1, time: Math.round(micros * 1000) };
  });
  return samples.sort((a, b) => a.time - b.time);
}

/** Nodes from below the root to `node`; undefined where the tree is damaged. */
function pathOf(nodes: ReadonlyMap<number, Node>, node: number): readonly number[] | undefined {
  const path: number[] = [];
  for (let at = node; at >= 0;) {
    const n = nodes.get(at);
    if (n === undefined || path.length > nodes.size) return undefined;
    if (n.parent >= 0 || n.name !== '(root)') path.push(at);
    at = n.parent;
  }
  return path.reverse();
}

export const cpuProfileImporter: Importer = {
  format: FORMAT,
  score(head, fileName) {
    const text = headText(head).trimStart();
    if (!text.startsWith('{')) return 0;
    if (/"nodes"\s*:\s*\[/.test(text) && /"callFrame"\s*:/.test(text)) return 0.95;
    return /\.cpuprofile(\.gz)?$/i.test(fileName) ? 0.5 : 0;
  },
  read,
};
