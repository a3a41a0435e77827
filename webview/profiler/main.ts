/** The profiler view: panel and full editor. Wires the host, the session and the tabs together. */
import './style.css';
import { formatDiagnostic } from '../../src/base/diagnostics';
import type { Diagnostic } from '../../src/base/diagnostics';
import { neighbour } from '../../src/profiler/layout/table';
import { fitAll, fitRange } from '../../src/profiler/layout/viewport';
import { VIEW_TABS } from '../../src/protocol/profilerView';
import type {
  ProfilerHost,
  ProfilerView,
  ProfilerViewState,
  TraceState,
  ViewTab,
} from '../../src/protocol/profilerView';
import { connect } from '../../src/protocol/rpc';
import { button, iconButton, progress, searchField, tabs } from '../controls/controls';
import { element } from '../shared/dom';
import { onThemeChange, readTheme } from '../shared/theme';
import { connectToEditor } from '../shared/vscodeApi';
import { DetailsPanel } from './detailsPanel';
import { FlameView } from './flameView';
import { Session } from './session';
import { TimelineView } from './timelineView';
import { ZonesView } from './zonesView';
import { duration } from './zoneChart';
import type { ChartActions } from './zoneChart';

const SAVE_AFTER_MS = 400;

const root = document.getElementById('root')!;
const where = document.body.dataset['view'] ?? 'panel';
const editor = connectToEditor();
let theme = readTheme(where);
let session: Session | undefined;
let saved: ProfilerViewState | undefined;
let saving: ReturnType<typeof setTimeout> | undefined;
let drawDue = false;

const announcer = element('div', { class: 'screen-reader', role: 'status', 'aria-live': 'polite' });

function report(problem: unknown): void {
  announcer.textContent = problem instanceof Error ? problem.message : String(problem);
}

function redraw(): void {
  if (drawDue) return;
  drawDue = true;
  requestAnimationFrame(() => {
    drawDue = false;
    if (session === undefined) return;
    if (view.active === 'timeline') timeline.draw(session);
    else if (view.active === 'flame') flame.draw(session);
    else zones.draw(session);
    details.draw(session, theme);
  });
}

function save(): void {
  clearTimeout(saving);
  saving = setTimeout(() => {
    if (session === undefined) return;
    saved = session.save(view.active);
    editor.setState(saved);
    host.saveState(saved).catch(report);
  }, SAVE_AFTER_MS);
}

/** `tell` is false when the host asked for it, so that selections do not echo. */
function select(zone: number | undefined, tell = true): void {
  if (session === undefined || session.selected === zone) return;
  session.selected = zone;
  if (zone !== undefined) {
    const { name, duration: took, track, row } = session.lookup.details(zone);
    const share = row === undefined ? '' : `, ${(row.share * 100).toFixed(1)} % of the run`;
    announcer.textContent = `${name}, ${duration(took)}${share}, on ${track}`;
  } else announcer.textContent = 'Nothing selected';
  if (tell) host.selectZone(zone === undefined ? undefined : session.refOf(zone)).catch(report);
  redraw();
  save();
}

/** Narrower than this, a zone that a keyboard step reaches is zoomed to; one that was asked for must also show its name. */
const SEEN = 6;
const READ = 64;

/** Selects `zone` and makes it visible in the timeline. */
function show(zone: number, { tell = true, least = READ } = {}): void {
  if (session === undefined) return;
  session.collapsed.delete(session.trace.zones.track[zone]!);
  select(zone, tell);
  session.bringIntoView(zone, timeline.chart.width, least);
  redraw();
  requestAnimationFrame(() => {
    if (session !== undefined && view.active === 'timeline') timeline.showTrackOf(session, zone);
  });
}

const reveal = (zone: number): void => {
  if (session === undefined) return;
  select(zone);
  host.revealZone(session.refOf(zone)).catch(report);
};

const actions: ChartActions = {
  setViewport: (v) => {
    if (session === undefined) return;
    session.viewport = v;
    redraw();
    save();
  },
  setRange: (range) => {
    if (session === undefined) return;
    session.range = range;
    redraw();
  },
  select,
  reveal,
  step: (step) => {
    if (session === undefined) return;
    const { trace, selected, viewport } = session;
    if (selected === undefined) {
      const first = trace.zones.start.findIndex((s, i) => s + trace.zones.duration[i]! >= viewport.from);
      if (first >= 0) show(first, { least: SEEN });
      return;
    }
    const next = neighbour(trace, selected, step);
    if (next !== undefined) show(next, { least: SEEN });
  },
  fit: () => {
    if (session === undefined) return;
    const { range, selected, trace } = session;
    const start = selected === undefined ? undefined : trace.zones.start[selected]!;
    if (range !== undefined) session.viewport = fitRange(range.from, range.to, trace.span);
    else if (start !== undefined) {
      const fitted = fitRange(start, start + trace.zones.duration[selected!]!, trace.span);
      const same = fitted.from === session.viewport.from && fitted.to === session.viewport.to;
      session.viewport = same ? fitAll(trace.span) : fitted;
    } else session.viewport = fitAll(trace.span);
    redraw();
    save();
  },
  escape: () => {
    if (session === undefined) return;
    if (session.range !== undefined) session.range = undefined;
    else if (session.searched !== '') {
      session.search('');
      search.clear();
    } else select(undefined);
    redraw();
  },
};

const timeline = new TimelineView(
  () => theme,
  actions,
  (track) => {
    if (session === undefined) return;
    if (!session.collapsed.delete(track)) session.collapsed.add(track);
    redraw();
    save();
  },
);
const flame = new FlameView(() => theme, actions);
const zones = new ZonesView({ select: (z) => select(z), reveal });
const details = new DetailsPanel({
  select: (z) => (view.active === 'timeline' ? show(z) : select(z)),
  reveal,
});

const search = searchField('Find a zone or model node', {
  change: (text) => {
    session?.search(text);
    redraw();
  },
  enter: (backwards) => {
    const zone = session?.nextMatch(backwards);
    if (zone !== undefined) show(zone);
  },
  escape: () => {
    session?.search('');
    search.clear();
    timeline.chart.scroller.focus();
    redraw();
  },
});

const toolbar = element(
  'div',
  { class: 'toolbar' },
  search.element,
  iconButton('screen-full', 'Show the whole run', () => {
    if (session === undefined) return;
    actions.setViewport(fitAll(session.trace.span));
  }),
  iconButton('export', 'Export as Chrome JSON…', () => void host.exportTrace('chrome').catch(report)),
  ...(where === 'panel'
    ? [iconButton('link-external', 'Open as a full editor', () => void host.openFullEditor().catch(report))]
    : []),
);

const LABELS: Readonly<Record<ViewTab, string>> = { timeline: 'Timeline', flame: 'Flame', zones: 'Zones' };
const CONTENT: Readonly<Record<ViewTab, HTMLElement>> = {
  timeline: timeline.element,
  flame: flame.element,
  zones: zones.element,
};
const view = tabs<ViewTab>(
  'Profiler',
  VIEW_TABS.map((id) => ({ id, label: LABELS[id], content: CONTENT[id] })),
  toolbar,
  () => {
    redraw();
    save();
  },
);
const loaded = element('div', { class: 'loaded' }, view.element, details.element);

function message(text: string, ...more: readonly HTMLElement[]): HTMLElement {
  return element('div', { class: 'message' }, element('p', {}, text), ...more);
}

function failure(d: Diagnostic): HTMLElement {
  return element(
    'div',
    { class: 'message', role: 'alert' },
    element('p', {}, element('strong', {}, d.code), ` ${d.text}`),
    d.next === undefined ? undefined : element('p', { class: 'dimmed' }, d.next),
    element(
      'div',
      { class: 'actions' },
      button('Profile a model…', () => void host.profileModel().catch(report), 'primary'),
      button('Copy details', () => void host.copyText(formatDiagnostic(d)).catch(report)),
    ),
  );
}

function setTrace(state: TraceState): void {
  if (state.kind === 'ready') {
    const before = session?.id === state.id ? session.save(view.active) : saved;
    session = new Session(state.id, state.title, state.trace);
    session.restore(before);
    root.replaceChildren(loaded, announcer);
    redraw();
    return;
  }
  session = undefined;
  const shown =
    state.kind === 'none'
      ? message(
          'No run yet.',
          element(
            'p',
            { class: 'dimmed' },
            'Profile a model to see where its time goes, per dispatch and per thread.',
          ),
          element(
            'div',
            { class: 'actions' },
            button('Profile a model…', () => void host.profileModel().catch(report), 'primary'),
          ),
        )
      : state.kind === 'loading'
        ? message(state.what, progress())
        : failure(state.diagnostic);
  root.replaceChildren(shown, announcer);
}

const setTab = (tab: ViewTab): void => {
  view.activate(tab);
  redraw();
};

function selectLongest(zone: number | undefined, follow = false): boolean {
  if (zone === undefined) return false;
  if (follow && view.active !== 'timeline') {
    select(zone, false);
    return true;
  }
  setTab('timeline');
  show(zone, { tell: false, least: follow ? 0 : READ });
  return true;
}

const ours: ProfilerView = {
  setTrace: (state) => Promise.resolve(setTrace(state)),
  selectDispatch: (dispatch, given, follow) => {
    // Channels that pass through JSON make null of an undefined argument that stands before others.
    const entry = given ?? undefined;
    const zone = session?.lookup.longest(
      (f) => f.dispatch === dispatch && (entry === undefined || f.entry === entry),
    );
    return Promise.resolve(selectLongest(zone, follow));
  },
  selectOrigin: (origin) =>
    Promise.resolve(selectLongest(session?.lookup.longest((f) => f.origins?.includes(origin) === true))),
  setTab: (tab) => Promise.resolve(setTab(tab)),
};
const { remote: host } = connect<ProfilerHost, ProfilerView>(editor.channel, ours);

document.addEventListener('keydown', (e) => {
  const field = e.target instanceof Element && e.target.closest('vscode-text-field, input') !== null;
  if (!field && session !== undefined && (e.key === '/' || ((e.ctrlKey || e.metaKey) && e.key === 'f'))) {
    e.preventDefault();
    search.focus();
  }
});

onThemeChange(() => {
  theme = readTheme(where);
  redraw();
});

async function start(): Promise<void> {
  setTrace({ kind: 'loading', what: 'Loading the trace…' });
  saved = (editor.getState() as ProfilerViewState | undefined) ?? (await host.getState());
  const state = await host.getTrace();
  if (saved !== undefined && VIEW_TABS.includes(saved.tab)) view.activate(saved.tab);
  setTrace(state);
}

start().catch((e: unknown) => {
  root.replaceChildren(
    message(`The profiler could not be loaded: ${e instanceof Error ? e.message : String(e)}`),
    announcer,
  );
});
