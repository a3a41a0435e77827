/** The profiler view: panel and full editor. Wires the host, the session and the tabs together. */
import '../shared/base.css';
import './style/index.css';
import { formatDiagnostic } from '../../src/base/diagnostics';
import type { Diagnostic } from '../../src/base/diagnostics';
import type { ZoneDetails } from '../../src/profiler/layout/table';
import { fitAll, fitRange } from '../../src/profiler/layout/viewport';
import { VIEW_TABS } from '../../src/protocol/profilerView';
import type { KeyStep } from '../../src/profiler/layout/walk';
import type {
  Bookmark,
  ExportFormat,
  ProfilerHost,
  ProfilerView,
  ProfilerViewState,
  TraceState,
  ViewTab,
  ZoneQuery,
} from '../../src/protocol/profilerView';
import { connect } from '../../src/protocol/rpc';
import { button, dropdown, iconButton, searchField, tabs } from '../controls/controls';
import { element } from '../shared/dom';
import { onThemeChange, readTheme } from '../shared/theme';
import { connectToEditor } from '../shared/vscodeApi';
import { CompareView } from './compareView';
import { DetailsPanel } from './detailsPanel';
import { FindView } from './findView';
import { FlameView } from './flameView';
import { LoadingView } from './loadingView';
import { refOf, Session } from './session';
import { ShortcutSheet } from './shortcuts';
import { SqlView } from './sqlView';
import { TimelineView } from './timelineView';
import { ZonesView } from './zonesView';
import { duration } from './zoneChart';
import type { ChartActions } from './zoneChart';

const SAVE_AFTER_MS = 400;
/** A range is described once it rests. */
const DESCRIBE_AFTER_MS = 120;

const root = document.getElementById('root')!;
const where = document.body.dataset['view'] ?? 'panel';
const editor = connectToEditor();
let theme = readTheme(where);
let session: Session | undefined;
let saved: ProfilerViewState | undefined;
let saving: ReturnType<typeof setTimeout> | undefined;
let describing: ReturnType<typeof setTimeout> | undefined;
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
    drawTab[view.active](session);
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

/** `tell` is false when the host asked for it, so that selections do not echo. Gives the details once they are there. */
async function select(zone: number | undefined, tell = true): Promise<ZoneDetails | undefined> {
  const now = session;
  if (now === undefined) return undefined;
  if (now.selected === zone) return now.select(zone);
  const chosen = now.select(zone);
  redraw();
  save();
  if (zone === undefined) {
    announcer.textContent = 'Nothing selected';
    if (tell) await host.selectZone(undefined);
    return undefined;
  }
  const found = await chosen;
  if (found === undefined || session !== now) return undefined;
  const share = found.row === undefined ? '' : `, ${(found.row.share * 100).toFixed(1)} % of the run`;
  announcer.textContent = `${found.name}, ${duration(found.duration)}${share}, on ${found.track}`;
  if (tell) await host.selectZone(refOf(found));
  return found;
}

/** Narrower than this, a zone that a keyboard step reaches is zoomed to; one that was asked for must also show its name. */
const SEEN = 6;
const READ = 64;

/** Selects `zone` and makes it visible in the timeline. */
async function show(zone: number, { tell = true, least = READ } = {}): Promise<void> {
  const found = await select(zone, tell);
  if (session === undefined || found === undefined || found.zone !== zone) return;
  session.collapsed.delete(found.place.track);
  session.bringIntoView(found, timeline.chart.width, least);
  redraw();
  requestAnimationFrame(() => {
    if (session !== undefined && view.active === 'timeline') timeline.showTrackOf(session);
  });
}
const showed = (zone: number, options?: Parameters<typeof show>[1]): void =>
  void show(zone, options).catch(report);

async function revealNow(zone: number): Promise<void> {
  const found = await select(zone);
  if (found !== undefined) await host.revealZone(refOf(found));
}
const reveal = (zone: number): void => void revealNow(zone).catch(report);

/** Goes to the next match of the search, selecting it. */
async function nextMatch(backwards: boolean): Promise<void> {
  if (session === undefined || session.searched === '') return;
  const zone = await session.queries.nextMatch(session.searched, session.selected, backwards);
  if (isZone(zone)) await show(zone);
  else announcer.textContent = 'Nothing is called like that';
}
/** Channels that pass through JSON make null of undefined. */
const isZone = (zone: number | null | undefined): zone is number => zone !== undefined && zone !== null;

async function step(step: KeyStep): Promise<void> {
  if (session === undefined) return;
  const next = await session.queries.step(session.selected, step, session.viewport.from);
  if (isZone(next)) await show(next, { least: SEEN });
}

const actions: ChartActions = {
  setViewport: (v) => {
    if (session === undefined) return;
    session.viewport = v;
    redraw();
    save();
  },
  setRange: (range) => {
    if (session === undefined) return;
    session.setRange(range);
    clearTimeout(describing);
    const now = session;
    describing = setTimeout(() => now.describeRange(), DESCRIBE_AFTER_MS);
    redraw();
  },
  select: (zone, measure = false) => {
    if (session === undefined) return;
    const from = measure ? session.details : undefined;
    const now = session;
    void select(zone)
      .then((found) => {
        now.measuredFrom = found === undefined ? undefined : from;
        if (from !== undefined && found !== undefined)
          now.setRange({
            from: Math.min(from.start, found.start),
            to: Math.max(from.start + from.duration, found.start + found.duration),
          });
        redraw();
      })
      .catch(report);
  },
  reveal,
  step: (to) => void step(to).catch(report),
  fit: () => {
    if (session === undefined) return;
    const { range, details: found, span } = session;
    if (range !== undefined) session.viewport = fitRange(range.from, range.to, span);
    else if (found !== undefined) {
      const fitted = fitRange(found.start, found.start + found.duration, span);
      const same = fitted.from === session.viewport.from && fitted.to === session.viewport.to;
      session.viewport = same ? fitAll(span) : fitted;
    } else session.viewport = fitAll(span);
    redraw();
    save();
  },
  markRange: () => {
    const found = session?.details;
    if (found !== undefined) actions.setRange({ from: found.start, to: found.start + found.duration });
  },
  bookmark: (at) => void bookmark(at).catch(report),
  nextBookmark: (backwards) => {
    if (session === undefined) return;
    const middle = (session.viewport.from + session.viewport.to) / 2;
    const { bookmarks } = session;
    const centre = (b: Bookmark): number => (b.from + b.to) / 2;
    const next = backwards
      ? (bookmarks.findLast((b) => centre(b) < middle - 1) ?? bookmarks.at(-1))
      : (bookmarks.find((b) => centre(b) > middle + 1) ?? bookmarks[0]);
    if (next !== undefined) goTo(next);
  },
  escape: () => {
    if (session === undefined) return;
    if (session.range !== undefined) {
      session.setRange(undefined);
      session.measuredFrom = undefined;
    } else if (session.searched !== '') {
      session.searched = '';
      search.clear();
    } else void select(undefined).catch(report);
    redraw();
  },
  failed: report,
};

/** Marks the range, else the selected zone, else the time at the pointer, with a note. */
async function bookmark(at: number): Promise<void> {
  const now = session;
  if (now === undefined) return;
  const { range, details: zone } = now;
  const place = range ?? {
    from: zone?.start ?? at,
    to: zone === undefined ? at : zone.start + zone.duration,
  };
  const note = await host.askForText('Note of the bookmark', zone?.name ?? '');
  if (note === undefined || note === null) return;
  now.setBookmarks([...now.bookmarks, { from: Math.round(place.from), to: Math.round(place.to), note }]);
}
async function editBookmark(b: Bookmark): Promise<void> {
  const note = await host.askForText('Note of the bookmark', b.note);
  if (note === undefined || note === null) return;
  session?.setBookmarks(session.bookmarks.map((x) => (x === b ? { ...b, note } : x)));
}
function goTo(b: Bookmark): void {
  if (session === undefined) return;
  setTab('timeline');
  const span = session.viewport.to - session.viewport.from;
  const room = b.to > b.from ? b.to - b.from : span / 4;
  actions.setViewport(fitRange(b.from - room, b.to + room, session.span));
}

const timeline = new TimelineView(
  () => theme,
  actions,
  (track) => {
    if (session === undefined) return;
    if (!session.collapsed.delete(track)) session.collapsed.add(track);
    redraw();
    save();
  },
  redraw,
);
const flame = new FlameView(() => theme, actions);
const inTimeline = (zone: number): void => {
  setTab('timeline');
  showed(zone);
};
const find = new FindView(() => theme, {
  show: (zone) => void select(zone).catch(report),
  failed: report,
});
const details = new DetailsPanel({
  select: (z) => (view.active === 'timeline' ? showed(z) : void select(z).catch(report)),
  reveal,
  openLink: (target) => void host.openLink(target).catch(report),
  copyLink: () => {
    if (session?.details !== undefined) void host.copyLink(refOf(session.details)).catch(report);
  },
  goTo,
  editBookmark: (b) => void editBookmark(b).catch(report),
  removeBookmark: (b) => session?.setBookmarks(session.bookmarks.filter((x) => x !== b)),
});

const search = searchField('Find a zone or model node', {
  change: (text) => {
    if (session === undefined) return;
    session.searched = text;
    redraw();
  },
  enter: (backwards) => void nextMatch(backwards).catch(report),
  escape: () => {
    if (session !== undefined) session.searched = '';
    search.clear();
    timeline.chart.scroller.focus();
    redraw();
  },
});

const EXPORTS: readonly { readonly value: ExportFormat | ''; readonly label: string }[] = [
  { value: '', label: 'Export…' },
  { value: 'perfetto', label: 'Perfetto' },
  { value: 'chrome', label: 'Chrome JSON' },
  { value: 'speedscope', label: 'speedscope' },
  { value: 'csv', label: 'CSV' },
];
const exporter = dropdown<ExportFormat | ''>('Export the trace', (format) => {
  exporter.setChoices(EXPORTS, '');
  if (format !== '') void host.exportTrace(format).catch(report);
});
exporter.setChoices(EXPORTS, '');
const shortcuts = new ShortcutSheet();

const toolbar = element(
  'div',
  { class: 'toolbar' },
  search.element,
  iconButton('arrow-up', 'Previous match', () => void nextMatch(true).catch(report)),
  iconButton('arrow-down', 'Next match', () => void nextMatch(false).catch(report)),
  iconButton('screen-full', 'Show the whole run', () => {
    if (session === undefined) return;
    actions.setViewport(fitAll(session.span));
  }),
  exporter.element,
  iconButton('keyboard', 'Keys', () => shortcuts.toggle()),
  ...(where === 'panel'
    ? [iconButton('link-external', 'Open as a full editor', () => void host.openFullEditor().catch(report))]
    : []),
);

const LABELS: Readonly<Record<ViewTab, string>> = {
  timeline: 'Timeline',
  flame: 'Flame',
  find: 'Find Zone',
  zones: 'Zones',
  compare: 'Compare',
  sql: 'SQL',
};
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
    session = new Session(state.id, state.runs, { host, changed: redraw, failed: report });
    session.restore(before);
    root.replaceChildren(loaded, shortcuts.element, announcer);
    redraw();
    return;
  }
  session = undefined;
  if (state.kind === 'loading') loading.show(state);
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
        ? loading.element
        : failure(state.diagnostic);
  if (root.firstChild !== shown) root.replaceChildren(shown, announcer);
}
const loading = new LoadingView(() => void host.cancelLoading().catch(report));

const setTab = (tab: ViewTab): void => {
  view.activate(tab);
  redraw();
};

async function selectLongest(query: ZoneQuery, follow = false): Promise<boolean> {
  const zone = await session?.queries.longest(query);
  if (!isZone(zone)) return false;
  await selectShown(zone, follow);
  return true;
}
async function selectShown(zone: number, follow: boolean): Promise<void> {
  if (follow && view.active !== 'timeline') {
    await select(zone, false);
    return;
  }
  setTab('timeline');
  await show(zone, { tell: false, least: follow ? 0 : READ });
}

const ours: ProfilerView = {
  setTrace: (state) => Promise.resolve(setTrace(state)),
  selectDispatch: (dispatch, given, follow) => {
    const entry = given ?? undefined;
    return selectLongest({ dispatch, ...(entry === undefined ? {} : { entry }) }, follow);
  },
  selectOrigin: (origin) => selectLongest({ origin }),
  selectName: (name) => selectLongest({ name }),
  selectNumber: async (zone, name) => {
    if (session === undefined || zone >= session.info.zones) return false;
    if ((await session.queries.details(zone)).name !== name) return false;
    await selectShown(zone, false);
    return true;
  },
  setTab: (tab) => Promise.resolve(setTab(tab)),
};
const { remote: host } = connect<ProfilerHost, ProfilerView>(editor.channel, ours);

const zones = new ZonesView(() => theme, {
  select: (z) => void select(z).catch(report),
  reveal,
  exportTable: (name, csv) => void host.exportTable(name, csv).catch(report),
  failed: report,
});
const compare = new CompareView(() => theme, host, { ...actions, show: inTimeline });
const sql = new SqlView(() => theme, host, { show: inTimeline });

const CONTENT: Readonly<Record<ViewTab, HTMLElement>> = {
  timeline: timeline.element,
  flame: flame.element,
  find: find.element,
  zones: zones.element,
  compare: compare.element,
  sql: sql.element,
};
const drawTab: Readonly<Record<ViewTab, (s: Session) => void>> = {
  timeline: (s) =>
    timeline.draw(
      s,
      s.bookmarks.map((b) => ({ from: b.from, to: b.to, label: b.note, go: () => goTo(b) })),
    ),
  flame: (s) => flame.draw(s),
  find: (s) => find.draw(s),
  zones: (s) => zones.draw(s),
  compare: (s) => compare.draw(s),
  sql: (s) => sql.draw(s),
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

/** Keys of the whole view, wherever the focus is but in a field. */
function globalKey(e: KeyboardEvent): (() => void) | undefined {
  if ((e.ctrlKey || e.metaKey) && e.key === 'f') return () => search.focus();
  if (e.ctrlKey || e.metaKey || e.altKey) return undefined;
  const tab = VIEW_TABS[Number(e.key) - 1];
  if (tab !== undefined) return () => setTab(tab);
  switch (e.key) {
    case '/':
      return () => search.focus();
    case '?':
      return () => shortcuts.toggle();
    case 'n':
    case 'N':
      return () => void nextMatch(e.shiftKey).catch(report);
    case 'h':
    case 'H':
      return () => setTab('find');
    default:
      return undefined;
  }
}

document.addEventListener('keydown', (e) => {
  const field =
    e.target instanceof Element && e.target.closest('vscode-text-field, input, textarea') !== null;
  const act = field || session === undefined ? undefined : globalKey(e);
  if (act === undefined) return;
  e.preventDefault();
  act();
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
