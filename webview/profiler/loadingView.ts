/** What the profiler shows while a trace is read: how far that is, and how to stop it. Kept while the part grows. */
import type { TraceState } from '../../src/protocol/profilerView';
import { button, progress } from '../controls/controls';
import { element } from '../shared/dom';

type Loading = Extract<TraceState, { readonly kind: 'loading' }>;

export class LoadingView {
  private readonly what = element('p', {});
  private readonly ring = progress();
  private readonly filled = element('div', { class: 'progress-filled' });
  private readonly bar = element(
    'div',
    {
      class: 'progress-bar',
      role: 'progressbar',
      'aria-valuemin': '0',
      'aria-valuemax': '100',
      'aria-label': 'Read so far',
    },
    this.filled,
  );
  private readonly percent = element('span', { class: 'number dimmed' });
  private readonly known: HTMLElement;
  readonly element: HTMLElement;

  constructor(stop: () => void) {
    this.known = element('div', { class: 'loading-progress' }, this.bar, this.percent, button('Stop', stop));
    this.element = element('div', { class: 'message loading' }, this.what, this.ring, this.known);
  }

  show({ what, part }: Loading): void {
    this.what.textContent = what;
    this.ring.hidden = part !== undefined;
    this.known.hidden = part === undefined;
    if (part === undefined) return;
    const percent = Math.round(100 * part);
    this.percent.textContent = `${percent} %`;
    this.filled.style.width = `${percent}%`;
    this.bar.setAttribute('aria-valuenow', String(percent));
  }
}
