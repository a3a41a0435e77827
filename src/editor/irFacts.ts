/** What a compilation knows of an op beyond its text: model nodes, dispatches and times, as Markdown with links. */
import { spanAt } from '../ir';
import type { DispatchFact } from '../language/hover';
import { escapeMarkdown, timeText } from '../language/hover';
import { nodesAt } from '../language/provenance';
import type { CommandId } from './commandIds';
import type { DispatchInfo } from '../compiler/compilation';
import { dispatchShare, dispatchTime } from '../compiler/dispatchTimes';
import { dispatchId } from '../profiler/dispatchId';
import type { DoneEntry } from './compilations';
import { provenanceOf } from './compilations';
import type { IrTarget, ShownIr } from './irNavigator';
import { kernelPass } from './irNavigator';

/** Model nodes and dispatches that are listed; the rest is counted. */
const listed = 4;
/** Commands that the Markdown links to. */
export const irLinks: CommandId[] = [
  'strata.showInTimeline',
  'strata.openPassIr',
  'strata.openKernelSource',
  'strata.showLifeOfOp',
];

/** Facts of the op that begins at `offset` of the text. */
export function opFactsOf(shown: ShownIr, offset: number): string {
  const { entry, snapshot } = shown;
  const index = spanAt(snapshot, offset);
  if (index < 0) return '';
  const nodes = nodesAt(snapshot, index);
  const parts: string[] = [];
  if (nodes.length > 0) {
    const links = nodes
      .slice(0, listed)
      .map((n) => link(code(n), 'strata.openPassIr', { compilation: entry.id, pass: 0, node: n }));
    const more = nodes.length > listed ? ` and ${nodes.length - listed} more` : '';
    parts.push(`**From** ${links.join(', ')}${more}`);
  }
  parts.push(...dispatchFacts(shown, provenanceOf(entry.compilation, snapshot).dispatchesAt(index)));
  return parts.join('\n\n');
}

/** The last pass that did something to an op, where it is known, and the way to its whole life. */
export function lifeFacts(uri: string, offset: number, blame: string | undefined): string {
  const life = link('Life of this op', 'strata.showLifeOfOp', { uri, offset });
  return blame === undefined ? life : `**History** ${blame} &nbsp;${life}`;
}

function dispatchFact({ measurement }: DoneEntry, d: DispatchInfo): DispatchFact {
  const time = dispatchTime(measurement, d);
  const share = dispatchShare(measurement, d);
  return {
    flops: d.flops,
    bytes: d.bytesRead + d.bytesWritten,
    ...(time === undefined ? {} : { medianNs: time.medianNs, runs: time.calls }),
    ...(share === undefined ? {} : { share }),
    ...(d.predictedNs === undefined ? {} : { predictedNs: d.predictedNs }),
    ...(measurement?.peak === undefined ? {} : { peak: measurement.peak }),
  };
}

function dispatchFacts({ entry, pass }: ShownIr, dispatches: readonly DispatchInfo[]): string[] {
  const { compilation } = entry;
  const parts: string[] = [];
  for (const d of dispatches.slice(0, listed)) {
    const home = kernelPass(entry, d);
    const target: IrTarget = { compilation: entry.id, pass: home, dispatch: dispatchId(d) };
    const became = home === pass.index ? code(d.name) : link(code(d.name), 'strata.openPassIr', target);
    const source =
      dispatches.length > 1 || compilation.kernelSource === ''
        ? ''
        : ` &nbsp;${link('C', 'strata.openKernelSource', target)}`;
    parts.push(`**Became** ${became}${source}`);
    const time = timeText(dispatchFact(entry, d));
    if (time !== undefined)
      parts.push(
        `**Took** ${escapeMarkdown(time)} &nbsp;${link('Show in timeline', 'strata.showInTimeline', target)}`,
      );
    if (d.refused !== '')
      parts.push(`**Not fused further** ${escapeMarkdown(d.refused.replaceAll('\n', '; '))}`);
  }
  if (dispatches.length > listed) parts.push(`and ${dispatches.length - listed} more dispatches`);
  return parts;
}

/** An op of a document. */
export interface OpAt {
  readonly uri: string;
  readonly offset: number;
}

const link = (label: string, command: CommandId, target: IrTarget | OpAt): string =>
  `[${label}](command:${command}?${encodeURIComponent(JSON.stringify([target]))})`;
const code = (text: string): string => `\`${text.replace(/`/g, "'")}\``;
