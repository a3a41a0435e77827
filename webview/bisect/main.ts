/** The bisection view: the search as it runs, the verdict, and what is known of the culprit. */
import './style.css';
import type { Bisection, BisectHost, BisectView } from '../../src/protocol/bisectView';
import { connect } from '../../src/protocol/rpc';
import { button } from '../controls/controls';
import { element } from '../shared/dom';
import { connectToEditor } from '../shared/vscodeApi';
import { culpritPanel } from './culpritPanel';
import { LevelStrip } from './levelStrip';

const editor = connectToEditor();
const root = document.querySelector('#root')!;
const strips = new Map<string, LevelStrip>();
let status = '';

const { remote } = connect<BisectHost, BisectView>(editor.channel, {
  show: (bisection) => {
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
const culprits = element('div', { class: 'culprits' });
root.append(
  element('header', {}, element('div', { class: 'titles' }, verdict, activity), bar),
  levels,
  notes,
  culprits,
);

function draw(b: Bisection): void {
  const running = b.status === 'running';
  verdict.textContent =
    b.verdict !== ''
      ? b.verdict
      : running
        ? `Looking for what makes ${fileName(b.subject)} wrong…`
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
      strip = new LevelStrip((point, mark) => void remote.mark(level.id, point, mark));
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
  culprits.replaceChildren(...b.culprits.map((c) => culpritPanel(c, () => void remote.openReproducer())));
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
    button('Export Report…', () => void remote.exportReport()),
  );
}

const fileName = (file: string): string => file.replace(/^.*[\\/]/, '');

void remote.ready();
