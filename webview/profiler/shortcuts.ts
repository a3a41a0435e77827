/** The sheet of keys, opened by `?`. What it lists is what the charts and the view listen to. */
import { element } from '../shared/dom';

const GROUPS: readonly (readonly [
  title: string,
  keys: readonly (readonly [keys: string, does: string])[],
])[] = [
  [
    'Move',
    [
      ['W S', 'zoom in and out, at the pointer'],
      ['A D', 'pan'],
      ['wheel', 'zoom; with Shift, pan; over the names, scroll the tracks'],
      ['drag', 'pan'],
      ['F', 'fit the range, the selected zone, then all'],
      ['PageUp PageDown', 'scroll the tracks'],
    ],
  ],
  [
    'Zones',
    [
      ['← →', 'previous and next zone of the row'],
      ['↑ ↓', 'the zone around, the first zone inside'],
      ['Enter', 'reveal in IR'],
      ['Ctrl+click', 'measure from the selected zone to this one'],
      ['H', 'find the zones of this name'],
    ],
  ],
  [
    'Ranges and bookmarks',
    [
      ['Shift+drag', 'select a range'],
      ['M', 'make the selected zone the range'],
      ['B', 'bookmark the range, the zone, or the time at the pointer'],
      ['[ ]', 'previous and next bookmark'],
    ],
  ],
  [
    'Find',
    [
      ['/ or Ctrl+F', 'search'],
      ['Enter Shift+Enter', 'next and previous match, in the search'],
      ['N Shift+N', 'next and previous match, in the timeline'],
      ['Escape', 'clear the range, the search, the selection'],
      ['1 … 6', 'timeline, flame, find zone, zones, compare, SQL'],
      ['?', 'this sheet'],
    ],
  ],
];

export class ShortcutSheet {
  private before: Element | null = null;
  readonly element = element(
    'div',
    { class: 'sheet', role: 'dialog', 'aria-label': 'Keys', tabindex: -1, hidden: true },
    ...GROUPS.map(([title, keys]) =>
      element(
        'section',
        {},
        element('h3', {}, title),
        element(
          'dl',
          {},
          ...keys.flatMap(([key, does]) => [
            element(
              'dt',
              {},
              ...key.split(' ').flatMap((k) => [/^(or|to|…)$/.test(k) ? k : element('kbd', {}, k), ' ']),
            ),
            element('dd', {}, does),
          ]),
        ),
      ),
    ),
  );

  constructor() {
    this.element.addEventListener('click', () => this.close());
    this.element.addEventListener('keydown', (e) => {
      e.stopPropagation();
      if (e.key === 'Escape' || e.key === '?' || e.key === 'Enter') this.close();
    });
  }

  toggle(): void {
    if (!this.element.hidden) {
      this.close();
      return;
    }
    this.before = document.activeElement;
    this.element.hidden = false;
    this.element.focus();
  }

  private close(): void {
    this.element.hidden = true;
    if (this.before instanceof HTMLElement) this.before.focus();
  }
}
