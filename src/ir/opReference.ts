/** The op reference (`docs/ops.md`) and the pass reference (`docs/passes.md`), written from the declarations. */
import type { AttrSpec, OpDefinition, ValueSpec } from './opDefinition';
import type { Pass } from './pass/pass';
import type { Dialect } from './registry';

const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\n/g, ' ');
const arityMark = { one: '', optional: '?', variadic: '…' } as const;

function valueRows(what: string, specs: Readonly<Record<string, ValueSpec>>): string[] {
  return Object.entries(specs).map(
    ([name, s]) =>
      `| ${what} | \`${name}\`${arityMark[s.arity]} | ${cell(s.constraint.describe)} | ${cell(s.doc)} |`,
  );
}
function attributeRow(name: string, s: AttrSpec): string {
  const fallback = s.fallback === undefined ? '' : ` (default \`${s.codec.write(s.fallback).text}\`)`;
  return `| attribute | \`${name}\`${s.required ? '' : '?'} | ${cell(s.codec.describe)}${cell(fallback)} | ${cell(s.doc)} |`;
}

function opSection(op: OpDefinition): string {
  const rows = [
    ...valueRows('operand', op.operands),
    ...Object.entries(op.attrs).map(([name, s]) => attributeRow(name, s)),
    ...valueRows('result', op.results),
    ...op.regions.map((r) => `| region | \`${r.replace('*', '')}\`${r.endsWith('*') ? '…' : ''} | | |`),
  ];
  const traits = [...op.traits].sort();
  return [
    `### \`${op.name}\``,
    `${op.summary[0]!.toUpperCase()}${op.summary.slice(1)}.`,
    ...(op.doc === '' ? [] : [op.doc.trim()]),
    ...(op.assemblyText === undefined
      ? []
      : [`Form: <code>${escapeHtml(`${op.name} ${op.assemblyText.replace(/\s+/g, ' ').trim()}`)}</code>`]),
    ...(rows.length === 0 ? [] : [['| | name | must be | |', '|---|---|---|---|', ...rows].join('\n')]),
    ...(traits.length === 0 ? [] : [`Traits: ${traits.join(', ')}.`]),
  ].join('\n\n');
}
const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

export function opReference(dialects: readonly Dialect[]): string {
  const count = dialects.reduce((n, d) => n + d.ops.length, 0);
  const contents = dialects.map(
    (d) => `- [\`${d.name}\`](#${d.name}): ${d.summary} (${d.ops.length}${d.upstream ? ', upstream' : ''})`,
  );
  const sections = dialects.map((d) => [`## ${d.name}`, d.summary, ...d.ops.map(opSection)].join('\n\n'));
  return `# Ops\n\n${count} ops of ${dialects.length} dialects, written from their declarations by \`UPDATE=1 node scripts/test.mjs docs\`.\n\n${contents.join('\n')}\n\n${sections.join('\n\n')}\n`;
}

export function passReference(passes: readonly Pass[]): string {
  const section = (p: Pass): string => {
    const options = Object.entries(p.options).map(
      ([name, o]) =>
        `- \`${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}\` (default \`${o.print(o.fallback)}\`): ${o.doc}`,
    );
    const rules = p.rules.map((r) => `- \`${r.name}\`: ${r.doc}`);
    return [
      `## \`${p.name}\``,
      `${p.summary[0]!.toUpperCase()}${p.summary.slice(1)}. Runs on ${p.anchor === 'any' ? 'any op' : `\`${p.anchor}\``}.`,
      ...(p.doc === '' ? [] : [p.doc.trim()]),
      ...(options.length === 0 ? [] : [`Options:\n\n${options.join('\n')}`]),
      ...(rules.length === 0 ? [] : [`Rules:\n\n${rules.join('\n')}`]),
    ].join('\n\n');
  };
  return `# Passes\n\nWritten from their declarations by \`UPDATE=1 node scripts/test.mjs docs\`.\n\n${passes.map(section).join('\n\n')}\n`;
}
