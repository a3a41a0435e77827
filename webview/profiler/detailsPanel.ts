/** The details of the selected zone, or of the whole run when nothing is selected. */
import { formatRate, threeDigits, formatBytes } from '../../src/base/units';
import { formatInstant } from '../../src/profiler/layout/ticks';
import type { TableRow, ZoneDetails } from '../../src/profiler/layout/table';
import type { Bookmark, Evidence, ZoneLink } from '../../src/protocol/profilerView';
import { button, iconButton } from '../controls/controls';
import { breakable, cutText, element, icon } from '../shared/dom';
import type { Child } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { FAMILIES, hueOf } from '../../src/profiler/layout/families';
import type { Session } from './session';
import { duration } from './zoneChart';

export interface DetailsActions {
  select(zone: number): void;
  reveal(zone: number): void;
  openLink(target: string): void;
  copyLink(): void;
  /** Goes to a bookmark, changes its note, or removes it. */
  goTo(bookmark: Bookmark): void;
  editBookmark(bookmark: Bookmark): void;
  removeBookmark(bookmark: Bookmark): void;
}

const shortName = (name: string, prefix: string): string =>
  name.length > prefix.length && name.startsWith(prefix) ? name.slice(prefix.length) : name;

/** How a measured time compares with the predicted one. */
const ratio = (measured: number, predicted: number): string =>
  predicted <= 0 ? '' : `median is ${threeDigits(measured / predicted)} ×`;

/** Flows that are listed; the rest is counted. */
const MOST_FLOWS = 12;

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

const line = (label: string, value: Child, note?: string): readonly HTMLElement[] => [
  element('dt', {}, label),
  element('dd', {}, value, note === undefined ? undefined : element('span', { class: 'dimmed' }, ` ${note}`)),
];

export class DetailsPanel {
  readonly element = element('aside', { class: 'details', 'aria-label': 'Details', tabindex: 0 });
  private shown: readonly unknown[] = [];

  constructor(private readonly actions: DetailsActions) {}

  draw(session: Session, theme: Theme): void {
    const { details, selected, join, measuredFrom, range, inRange, summary, bookmarks } = session;
    const state = [session, selected, details, join, measuredFrom, range, inRange, summary, bookmarks, theme];
    if (state.every((s, i) => s === this.shown[i])) return;
    const same = this.shown[0] === session && this.shown[1] === selected;
    this.shown = state;
    const { scrollTop } = this.element;
    this.element.replaceChildren(
      ...(range === undefined ? [] : this.range(session, theme)),
      ...(details === undefined
        ? this.run(session, theme)
        : [...this.measured(session), ...this.zone(details, session, theme)]),
      ...this.bookmarks(session),
    );
    this.element.scrollTop = same ? scrollTop : 0;
  }

  /** Statistics of the selected range; what it holds by self time. */
  private range(session: Session, theme: Theme): readonly HTMLElement[] {
    const { range, inRange } = session;
    if (range === undefined) return [];
    const length = Math.round(range.to - range.from);
    const top = (inRange?.rows ?? []).slice(0, 8);
    const calls = (inRange?.rows ?? []).reduce((sum, r) => sum + r.calls, 0);
    const list = element(
      'dl',
      {},
      ...line('Range', duration(length), `from ${formatInstant(Math.max(0, range.from), 1000)}`),
      ...(inRange === undefined ? [] : line('Zones', calls.toLocaleString('en'))),
    );
    const rows = element(
      'ol',
      { class: 'hottest' },
      ...top.map((r) => this.hot(session, theme, r, duration(r.self), `${r.calls} zones, self time`)),
    );
    return [element('section', { class: 'range-facts' }, list, rows)];
  }

  private measured({ measuredFrom: a, details: b }: Session): readonly HTMLElement[] {
    if (a === undefined || b === undefined || a.zone === b.zone) return [];
    const [first, second] = a.start <= b.start ? [a, b] : [b, a];
    const gap = second.start - (first.start + first.duration);
    return [
      element(
        'section',
        { class: 'range-facts' },
        element('h3', {}, `From ${first.name} to ${second.name}`),
        element(
          'dl',
          {},
          ...line('Start to start', duration(second.start - first.start)),
          ...line(gap < 0 ? 'Overlap' : 'Gap', duration(Math.abs(gap))),
          ...line(
            'Both',
            duration(Math.max(first.start + first.duration, second.start + second.duration) - first.start),
          ),
        ),
      ),
    ];
  }

  private bookmarks({ bookmarks }: Session): readonly HTMLElement[] {
    if (bookmarks.length === 0) return [];
    const item = (b: Bookmark): HTMLElement => {
      const at = formatInstant(b.from, 1000);
      const go = element(
        'button',
        { type: 'button', title: b.note },
        element('span', { class: 'number' }, at),
        element('span', { class: 'grow' }, b.note),
      );
      go.addEventListener('click', () => this.actions.goTo(b));
      return element(
        'li',
        { class: 'bookmark' },
        go,
        iconButton('edit', `Change the note at ${at}`, () => this.actions.editBookmark(b)),
        iconButton('trash', `Remove the bookmark at ${at}`, () => this.actions.removeBookmark(b)),
      );
    };
    return [element('h3', {}, 'Bookmarks'), element('ul', { class: 'hottest' }, ...bookmarks.map(item))];
  }

  private swatch(session: Session, name: string, theme: Theme): HTMLElement {
    const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
    const hue = hueOf(name, session.info.legend.length > 0);
    swatch.style.backgroundColor = hue < 0 ? theme.neutral : theme.hues[hue]!;
    return swatch;
  }

  private hot(
    session: Session,
    theme: Theme,
    r: Pick<TableRow, 'name' | 'longest'>,
    number: string,
    title = r.name,
  ): HTMLElement {
    const press = element(
      'button',
      { type: 'button', title: title === r.name ? title : `${r.name}\n${title}` },
      this.swatch(session, r.name, theme),
      element('span', { class: 'grow' }, cutText(shortName(r.name, session.prefix))),
      element('span', { class: 'number' }, number),
    );
    press.addEventListener('click', () => this.actions.select(r.longest));
    return element('li', {}, press);
  }

  private zone(d: ZoneDetails, session: Session, theme: Theme): readonly HTMLElement[] {
    const { row, facts } = d;
    const heading = element('h2', { title: d.name }, this.swatch(session, d.name, theme), breakable(d.name));
    const list = element(
      'dl',
      {},
      ...line(
        'Time',
        duration(d.duration),
        row?.median === undefined ? undefined : `median ${duration(row.median)} of ${row.calls}`,
      ),
      ...(row === undefined ? [] : line('Share', percent(row.share), `${duration(row.total)} in all calls`)),
      ...(d.self === d.duration
        ? []
        : line('Self', duration(d.self), percent(d.duration === 0 ? 0 : d.self / d.duration))),
      ...(d.flopsPerSecond === undefined
        ? []
        : line('Compute', formatRate(d.flopsPerSecond, 'FLOP/s'), `${formatRate(facts.flops ?? 0, 'FLOP')}`)),
      ...(d.bytesPerSecond === undefined
        ? []
        : line('Memory', formatRate(d.bytesPerSecond, 'B/s'), formatBytes(facts.bytes ?? 0))),
      ...(row?.attained === undefined
        ? []
        : line('Roofline', percent(row.attained), 'of what the machine can do')),
      ...(d.flopsPerSecond === undefined || !facts.bytes
        ? []
        : line('Intensity', `${threeDigits((facts.flops ?? 0) / facts.bytes)} FLOP/B`)),
      ...line('Starts', formatInstant(d.start, 1), `on ${d.track}`),
      ...(facts.dispatch === undefined
        ? []
        : line(
            'Dispatch',
            String(facts.dispatch),
            facts.entry === undefined ? undefined : `of ${facts.entry}`,
          )),
      ...(facts.predicted === undefined
        ? []
        : line(
            'Predicted',
            duration(facts.predicted),
            row?.median === undefined ? undefined : ratio(row.median, facts.predicted),
          )),
      ...(facts.part === undefined || facts.part === 1
        ? []
        : line('Part', percent(facts.part), 'on this thread')),
      ...(facts.schedule === undefined ? [] : line('Schedule', breakable(facts.schedule))),
      ...(facts.refused === undefined ? [] : line('Not fused', facts.refused.join('; '))),
      ...(d.iteration === undefined ? [] : line('Iteration', String(d.iteration))),
      ...d.others.map(([key, value]) => line(key, String(value))).flat(),
    );
    const origins = facts.origins ?? [];
    const nodes = element(
      'section',
      {},
      element('h3', {}, origins.length === 1 ? 'Model node' : `Model nodes (${origins.length})`),
      element('ul', { class: 'origins' }, ...origins.map((o) => element('li', { title: o }, breakable(o)))),
    );
    const reveal = button('Reveal in IR', () => this.actions.reveal(d.zone), 'primary');
    const canReveal = facts.dispatch !== undefined || origins.length > 0 || session.join !== undefined;
    const copy = iconButton('link', 'Copy a link to this zone', () => this.actions.copyLink());
    return [
      heading,
      element('div', { class: 'actions' }, canReveal ? reveal : undefined, copy),
      list,
      ...this.chain(session),
      ...this.flows(d, session),
      ...(origins.length > 0 && session.join === undefined ? [nodes] : []),
    ];
  }

  /** The chain behind the zone, and what says so. */
  private chain({ join }: Session): readonly HTMLElement[] {
    if (join === undefined) return [];
    const link = ({ kind, label, note, target }: ZoneLink): HTMLElement => {
      const press = element(
        'button',
        { type: 'button', title: note === undefined ? label : `${label}\n${note}` },
        icon(LINK_ICONS[kind]),
        element('span', { class: 'grow' }, cutText(label)),
        note === undefined ? undefined : element('span', { class: 'dimmed note' }, note),
      );
      press.addEventListener('click', () => this.actions.openLink(target));
      return element('li', {}, press);
    };
    return [
      element('h3', {}, 'Where it comes from'),
      element(
        'p',
        { class: `evidence ${join.evidence}`, title: join.because },
        element('span', { class: 'badge' }, EVIDENCE_TEXT[join.evidence]),
        element('span', { class: 'dimmed' }, ` ${join.because}`),
      ),
      element('ul', { class: 'hottest chain' }, ...join.links.map(link)),
    ];
  }

  /** The arrows of the timeline as a list to go along. */
  private flows({ flows, start }: ZoneDetails, { info }: Session): readonly HTMLElement[] {
    if (flows.length === 0) return [];
    const item = (f: ZoneDetails['flows'][number]): HTMLElement => {
      const away = duration(Math.abs(f.start - start));
      const track = info.tracks[f.track]?.name ?? '';
      const title =
        f.direction === 'to'
          ? `Starts ${f.name} on ${track}, ${away} later`
          : `Started by ${f.name} on ${track}, ${away} before`;
      const press = element(
        'button',
        { type: 'button', title },
        icon(f.direction === 'to' ? 'arrow-right' : 'arrow-left'),
        element('span', { class: 'grow' }, cutText(f.name)),
        element('span', { class: 'dimmed note' }, track),
      );
      press.addEventListener('click', () => this.actions.select(f.zone));
      return element('li', {}, press);
    };
    const rest = flows.length - MOST_FLOWS;
    return [
      element('h3', {}, flows.length === 1 ? 'Flow' : `Flows (${flows.length})`),
      element('ul', { class: 'hottest chain' }, ...flows.slice(0, MOST_FLOWS).map(item)),
      ...(rest > 0 ? [element('p', { class: 'dimmed' }, `and ${rest} more`)] : []),
    ];
  }

  private run(session: Session, theme: Theme): readonly HTMLElement[] {
    const { summary, info } = session;
    const byDispatch = summary?.by === 'dispatch';
    const list = element(
      'dl',
      {},
      ...line('Length', duration(info.span)),
      ...(summary === undefined ? [] : line(byDispatch ? 'Dispatches' : 'Names', String(summary.rows))),
      ...line('Zones', info.zones.toLocaleString('en')),
      ...(byDispatch ? line('In dispatches', duration(summary.total)) : []),
      ...(summary !== undefined && summary.entries.length > 1
        ? line('Entry points', summary.entries.join(', '))
        : []),
    );
    const hottest = element(
      'ol',
      { class: 'hottest' },
      ...(summary?.top ?? []).map((r) =>
        this.hot(
          session,
          theme,
          r.entry === undefined || (summary?.entries.length ?? 0) < 2
            ? r
            : { ...r, name: `${r.entry}: ${r.name}` },
          percent(r.share),
        ),
      ),
    );
    const legend = element(
      'ul',
      { class: 'legend' },
      ...info.legend.map((family) => {
        const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
        swatch.style.backgroundColor = theme.hues[FAMILIES.indexOf(family)]!;
        return element('li', {}, swatch, family);
      }),
    );
    const warnings = info.warnings.map((w) => element('p', { class: 'warning' }, `${w.code} ${w.text}`));
    return [
      element('h2', { title: session.title }, element('span', {}, session.title)),
      ...warnings,
      list,
      element('h3', {}, 'Where the time went'),
      summary === undefined ? element('p', { class: 'dimmed' }, 'Adding up…') : hottest,
      ...(info.legend.length === 0 ? [] : [element('h3', {}, 'Colours'), legend]),
    ];
  }
}

const LINK_ICONS: Readonly<Record<ZoneLink['kind'], string>> = {
  op: 'symbol-method',
  pass: 'history',
  dispatch: 'circuit-board',
  node: 'symbol-structure',
  kernel: 'code',
};

const EVIDENCE_TEXT: Readonly<Record<Evidence, string>> = {
  recorded: 'recorded',
  symbol: 'by symbol',
  location: 'by location',
  name: 'by name',
};
