/** The life of an op as a table or Markdown. */
import type { Column } from '../../base/table';
import { formatMarkdown, formatTable } from '../../base/table';
import type { Life, LifeEvent, LifeOp } from './lifeOfOp';

const opsText = (ops: readonly LifeOp[]): string => {
  const scopes = new Set(ops.map((o) => o.address.scope));
  const shown = ops.slice(0, 4).map((o) => o.label);
  const more = ops.length > shown.length ? ` and ${ops.length - shown.length} more` : '';
  const [scope] = scopes;
  const place = scopes.size === 1 && scope !== undefined && scope !== '' ? ` in @${scope}` : '';
  return shown.length === 0 ? '' : `${shown.join(' + ')}${more}${place}`;
};

const words: Readonly<Partial<Record<LifeEvent['kind'], string>>> = { new: 'born', gone: 'died' };

/** `born`, `changed: attributes`, `fused`. */
export const eventWord = (e: LifeEvent): string =>
  `${words[e.kind] ?? e.kind}${e.parts.length === 0 ? '' : `: ${e.parts.join(', ')}`}`;

/** What it was, before a pass. */
export const eventBefore = (e: LifeEvent): string =>
  e.kind === 'new' && e.related.length > 0 ? `from ${opsText(e.related)}` : opsText(e.before);
/** What it was after it. */
export const eventAfter = (e: LifeEvent): string =>
  e.kind === 'gone' && e.related.length > 0 ? `its uses read ${opsText(e.related)}` : opsText(e.after);

const columns: readonly Column<LifeEvent>[] = [
  { title: 'pass', cell: (e) => String(e.index), align: 'right' },
  { title: '', cell: (e) => e.pass, maxWidth: 40 },
  { title: 'what', cell: eventWord },
  { title: 'before', cell: eventBefore, maxWidth: 70 },
  { title: 'after', cell: eventAfter, maxWidth: 70 },
  { title: 'evidence', cell: (e) => e.evidence.join(', ') },
];

export const lifeTable = (life: Life): string =>
  life.events.length === 0 ? `no pass of ${life.steps} changed it` : formatTable(life.events, columns);

export const lifeMarkdown = (title: string, life: Life): string =>
  [
    `### ${title}`,
    '',
    life.events.length === 0 ? `No pass of ${life.steps} changed it.` : formatMarkdown(life.events, columns),
    '',
  ].join('\n');
