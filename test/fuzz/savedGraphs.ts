/** Graphs that once failed, shrunk, as files of JSON below `test/fuzz/found`: each is computed and compared anew by a test. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RandomGraph } from './randomGraph';

export const foundFolder = path.join(process.cwd(), 'test/fuzz/found');

/** Large numbers and bytes as JSON has them: `{"$bytes": base64}`, `{"$number": "Infinity"}`. */
const toJson = (_: string, v: unknown): unknown =>
  v instanceof Uint8Array
    ? { $bytes: Buffer.from(v).toString('base64') }
    : typeof v === 'number' && !Number.isFinite(v)
      ? { $number: String(v) }
      : v;
function fromJson(_: string, v: unknown): unknown {
  if (typeof v !== 'object' || v === null) return v;
  if ('$bytes' in v) return Uint8Array.from(Buffer.from(v.$bytes as string, 'base64'));
  return '$number' in v ? Number(v.$number) : v;
}

export const graphText = (graph: RandomGraph): string => `${JSON.stringify(graph, toJson, 1)}\n`;
export const graphOfText = (text: string): RandomGraph => JSON.parse(text, fromJson) as RandomGraph;

/** Writes the graph as a golden test; gives the file. */
export function saveGraph(graph: RandomGraph): string {
  mkdirSync(foundFolder, { recursive: true });
  const file = path.join(foundFolder, `random-${graph.seed}.json`);
  writeFileSync(file, graphText(graph));
  return file;
}

export const savedGraphs = (): readonly (readonly [name: string, RandomGraph])[] =>
  readdirSync(foundFolder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, graphOfText(readFileSync(path.join(foundFolder, name), 'utf8'))]);
