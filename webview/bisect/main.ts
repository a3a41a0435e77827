/** The bisection view: the search as it runs, the verdict, and what is known of the culprit. */
import '../shared/base.css';
import './style.css';
import type { Bisection, BisectHost, BisectView, Held } from '../../src/protocol/bisectView';
import { connect } from '../../src/protocol/rpc';
import { parseWithNumbers } from '../../src/base/jsonNumbers';
import { button } from '../controls/controls';
import { element } from '../shared/dom';
import { connectToEditor } from '../shared/vscodeApi';
import { culpritPanel, whatIfList } from './culpritPanel';
import { LevelStrip } from './levelStrip';
import { nodePanel } from './nodePanel';

const editor = connectToEditor();
const root = document.querySelector('#root')!;
const strips = new Map<string, LevelStrip>();
let status = '';

const { remote } = connect<BisectHost, BisectView>(editor.channel, {
  show: (text) => {
    const bisection = parseWithNumbers(text) as Bisection;
    editor.setState({ id: bisection.id });
    draw(bisection);
    return Promise.resolve();
  },
});

const verdict = element('h1', { class: 'verdict', 'aria-live': 'polite' });
const activity = element('p', { class: 'activity dimmed' });
const bar = element('div', { class: 'bar' });
const levels = element('div', { class: 'levels' });
const notes = element('ul', { class: 'notes' });
const asked = element('div', { class: 'asked' });
const culprits = element('div', { class: 'culprits' });
const nodes = element('div', {});
root.append(
  element('header', {}, element('div', { class: 'titles' }, verdict, activity), bar),
  levels,
  notes,
  asked,
  culprits,
  nodes,
);

function draw(b: Bisection): void {
  const running = b.status === 'running';
  verdict.textContent =
    b.verdict !== ''
      ? b.verdict
      : running
        ? runningText(b)
        : b.status === 'failed'
          ? 'The search failed.'
          : 'The search is paused.';
  verdict.classList.toggle('bad', b.culprits.length > 0 && b.verdict !== '');
  activity.textContent = [
    `${b.runs.search} runs, at most ${b.runs.bound} expected`,
    `${(b.durationMs / 1000).toFixed(b.durationMs < 10_000 ? 1 : 0)} s`,
    b.activity,
  ]
    .filter((t) => t !== '')
    .join(' · ');
  drawBar(b);
  for (const level of b.levels) {
    let strip = strips.get(level.id);
    if (strip === undefined) {
      strip = new LevelStrip(
        (point, mark) => void remote.mark(level.id, point, mark),
        (held) => void remote.measureWithout(held),
      );
      strips.set(level.id, strip);
      levels.append(strip.element);
    }
    strip.draw(level, b.metric, !running);
  }
  for (const [id, strip] of strips) {
    if (b.levels.some((l) => l.id === id)) continue;
    strip.element.remove();
    strips.delete(id);
  }
  notes.replaceChildren(...b.notes.map((n) => element('li', {}, n)));
  asked.replaceChildren(
    ...(b.asked === undefined ? [] : [element('h2', {}, 'What if, as asked'), whatIfList(b.asked)]),
  );
  const actions = {
    openReproducer: () => void remote.openReproducer(),
    measureWithout:
      running || b.kind !== 'numerics' ? undefined : (held: Held) => void remote.measureWithout(held),
  };
  culprits.replaceChildren(...b.culprits.map((c) => culpritPanel(c, actions)));
  nodes.replaceChildren(...(b.nodes === undefined ? [] : [nodePanel(b.nodes)]));
}

/** Made anew only when what can be done changes, so that focus stays where it is. */
function drawBar(b: Bisection): void {
  const next = `${b.status} ${b.culprits.length > 0}`;
  if (next === status) return;
  status = next;
  const run =
    b.status === 'running'
      ? button('Pause', () => void remote.pause())
      : b.status === 'done'
        ? undefined
        : button('Resume', () => void remote.resume(), 'primary');
  bar.replaceChildren(
    ...(run === undefined ? [] : [run]),
    ...(b.status === 'running' || b.kind !== 'numerics'
      ? []
      : [button('Compare Node by Node', () => void remote.compareNodes())]),
    button('Export Report…', () => void remote.exportReport()),
  );
}

function runningText(b: Bisection): string {
  switch (b.kind) {
    case 'numerics':
      return `Looking for what makes ${fileName(b.subject)} wrong…`;
    case 'perf':
      return `Looking for what makes ${fileName(b.subject)} slow…`;
    case 'command':
      return 'Looking for the first bad step…';
  }
}
const fileName = (file: string): string => file.replace(/^.*[\\/]/, '');

void remote.ready();
