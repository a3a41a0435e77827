/** The details of the selected zone, or of the whole run when nothing is selected. */
import { formatRate, threeDigits, formatBytes } from '../../src/base/units';
import { formatInstant } from '../../src/profiler/layout/ticks';
import type { ZoneDetails } from '../../src/profiler/layout/table';
import { button } from '../controls/controls';
import { breakable, cutText, element } from '../shared/dom';
import type { Child } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { FAMILIES } from '../../src/profiler/layout/families';
import type { Session } from './session';
import { duration } from './zoneChart';

export interface DetailsActions {
  select(zone: number): void;
  reveal(zone: number): void;
}

const shortName = (name: string, prefix: string): string =>
  name.length > prefix.length && name.startsWith(prefix) ? name.slice(prefix.length) : name;

/** How a measured time compares with the predicted one. */
const ratio = (measured: number, predicted: number): string =>
  predicted <= 0 ? '' : `median is ${threeDigits(measured / predicted)} ×`;

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

const line = (label: string, value: Child, note?: string): readonly HTMLElement[] => [
  element('dt', {}, label),
  element('dd', {}, value, note === undefined ? undefined : element('span', { class: 'dimmed' }, ` ${note}`)),
];

export class DetailsPanel {
  readonly element = element('aside', { class: 'details', 'aria-label': 'Details', tabindex: 0 });
  private shown:
    { readonly session: Session; readonly zone: number | undefined; readonly theme: Theme } | undefined;

  constructor(private readonly actions: DetailsActions) {}

  draw(session: Session, theme: Theme): void {
    const zone = session.selected;
    if (this.shown?.session === session && this.shown.zone === zone && this.shown.theme === theme) return;
    this.shown = { session, zone, theme };
    this.element.replaceChildren(
      ...(zone === undefined
        ? this.run(session, theme)
        : this.zone(session.lookup.details(zone), session, theme)),
    );
    this.element.scrollTop = 0;
  }

  private swatch(session: Session, name: number, theme: Theme): HTMLElement {
    const hue = session.hues.of[name] ?? -1;
    const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.backgroundColor = hue < 0 ? theme.neutral : theme.hues[hue]!;
    return swatch;
  }

  private zone(d: ZoneDetails, session: Session, theme: Theme): readonly HTMLElement[] {
    const { row, facts } = d;
    const name = session.trace.zones.name[d.zone]!;
    const heading = element('h2', { title: d.name }, this.swatch(session, name, theme), breakable(d.name));
    const list = element(
      'dl',
      {},
      ...line(
        'Time',
        duration(d.duration),
        row === undefined ? undefined : `median ${duration(row.median)} of ${row.calls}`,
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
            row === undefined ? undefined : ratio(row.median, facts.predicted),
          )),
      ...(facts.part === undefined || facts.part === 1
        ? []
        : line('Part', percent(facts.part), 'on this thread')),
      ...(facts.schedule === undefined ? [] : line('Schedule', breakable(facts.schedule))),
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
    const canReveal = facts.dispatch !== undefined || origins.length > 0;
    return [
      heading,
      ...(canReveal ? [element('div', { class: 'actions' }, reveal)] : []),
      list,
      ...(origins.length > 0 ? [nodes] : []),
    ];
  }

  private run(session: Session, theme: Theme): readonly HTMLElement[] {
    const { tables, trace, hues } = session;
    const rows = tables.byDispatch ?? tables.byName;
    const list = element(
      'dl',
      {},
      ...line('Length', duration(trace.span)),
      ...line(tables.byDispatch === undefined ? 'Names' : 'Dispatches', String(rows.length)),
      ...line('Zones', trace.zones.start.length.toLocaleString('en')),
      ...(tables.byDispatch === undefined ? [] : line('In dispatches', duration(tables.total))),
    );
    const hottest = element('ol', { class: 'hottest' });
    for (const r of rows.slice(0, 6)) {
      const press = element(
        'button',
        { type: 'button', title: r.name },
        this.swatch(session, trace.zones.name[r.longest]!, theme),
        element('span', { class: 'grow' }, cutText(shortName(r.name, session.prefix))),
        element('span', { class: 'number' }, percent(r.share)),
      );
      press.addEventListener('click', () => this.actions.select(r.longest));
      hottest.append(element('li', {}, press));
    }
    const legend = element(
      'ul',
      { class: 'legend' },
      ...hues.legend.map((family) => {
        const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
        swatch.style.backgroundColor = theme.hues[FAMILIES.indexOf(family)]!;
        return element('li', {}, swatch, family);
      }),
    );
    const warnings = trace.warnings.map((w) => element('p', { class: 'warning' }, `${w.code} ${w.text}`));
    return [
      element('h2', { title: session.title }, element('span', {}, session.title)),
      ...warnings,
      list,
      element('h3', {}, 'Where the time went'),
      hottest,
      ...(hues.legend.length === 0 ? [] : [element('h3', {}, 'Colours'), legend]),
    ];
  }
}
