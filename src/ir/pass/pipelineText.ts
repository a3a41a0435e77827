/** Textual pipelines as MLIR writes them: `builtin.module(func.func(canonicalize,cse),form-dispatches{x=1})`. */
import { passMessages } from './messages';
import type { ConfiguredPass, Pass } from './pass';

export type PipelineNode =
  | { readonly kind: 'pass'; readonly pass: ConfiguredPass }
  | { readonly kind: 'nest'; readonly anchor: string; readonly children: readonly PipelineNode[] };

export function pipelineText(nodes: readonly PipelineNode[]): string {
  return nodes
    .map((n) => (n.kind === 'pass' ? n.pass.text : `${n.anchor}(${pipelineText(n.children)})`))
    .join(',');
}

/** Reads a pipeline; names are looked up in `passes`. Throws STR0201 or STR0202. */
export function parsePipeline(text: string, passes: readonly Pass[]): readonly PipelineNode[] {
  let at = 0;
  const fail = (expected: string): Error => passMessages.error('STR0202', { text, at, expected });
  const skip = (): void => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  const list = (depth: number): PipelineNode[] => {
    const nodes: PipelineNode[] = [];
    skip();
    if (depth > 0 && text[at] === ')') return nodes;
    for (;;) {
      nodes.push(node(depth));
      skip();
      if (text[at] !== ',') return nodes;
      at++;
    }
  };
  const node = (depth: number): PipelineNode => {
    skip();
    const name = /^[A-Za-z][\w.-]*/.exec(text.slice(at))?.[0];
    if (name === undefined) throw fail('the name of a pass or op');
    at += name.length;
    skip();
    if (text[at] === '(') {
      if (depth > 32) throw fail('at most 32 levels of nesting');
      at++;
      const children = list(depth + 1);
      skip();
      if (text[at] !== ')') throw fail(`')'`);
      at++;
      return { kind: 'nest', anchor: name, children };
    }
    const options = text[at] === '{' ? optionsAt() : new Map<string, string>();
    const pass = passes.find((p) => p.name === name);
    if (pass === undefined) throw passMessages.error('STR0201', { pass: name, known: similar(name, passes) });
    return { kind: 'pass', pass: pass.configure(options) };
  };
  const optionsAt = (): Map<string, string> => {
    const end = text.indexOf('}', at);
    if (end < 0) throw fail(`'}'`);
    const body = text.slice(at + 1, end);
    at = end + 1;
    return new Map(
      body
        .split(/\s+/)
        .filter((w) => w !== '')
        .map((word) => {
          const eq = word.indexOf('=');
          return eq < 0 ? [word, ''] : [word.slice(0, eq), word.slice(eq + 1)];
        }),
    );
  };
  const nodes = text.trim() === '' ? [] : list(0);
  skip();
  if (at < text.length) throw fail('the end of the pipeline');
  return nodes;
}

/** Pass names close to a mistyped one. */
function similar(name: string, passes: readonly Pass[]): readonly string[] {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      }
      row = next;
    }
    return row[b.length]!;
  };
  return passes
    .map((p) => ({ name: p.name, d: distance(name, p.name) }))
    .filter((p) => p.d <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.d - b.d)
    .slice(0, 2)
    .map((p) => p.name);
}
