/**
 * Buttons, tabs, drop-downs and fields of every view. The only module that knows which component library draws them
 * (`@vscode/webview-ui-toolkit`), so that another can take its place.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { icon, setAttributes } from '../shared/dom';

let provided = false;

function create(tag: string, attributes: Parameters<typeof setAttributes>[1] = {}): HTMLElement {
  if (!provided) {
    provided = true;
    provideVSCodeDesignSystem().register(
      vsCodeButton(),
      vsCodeDropdown(),
      vsCodeOption(),
      vsCodePanels(),
      vsCodePanelTab(),
      vsCodePanelView(),
      vsCodeProgressRing(),
      vsCodeTextField(),
    );
  }
  const e = document.createElement(tag);
  setAttributes(e, attributes);
  return e;
}

/** A button with a text. */
export function button(
  label: string,
  onPress: () => void,
  appearance: 'primary' | 'secondary' = 'secondary',
): HTMLElement {
  const e = create('vscode-button', { appearance });
  e.append(label);
  e.addEventListener('click', onPress);
  return e;
}

/** A button that shows a codicon; `label` is its name and tooltip. */
export function iconButton(codicon: string, label: string, onPress: () => void): HTMLElement {
  const e = create('vscode-button', { appearance: 'icon', 'aria-label': label, title: label });
  e.append(icon(codicon));
  e.addEventListener('click', onPress);
  return e;
}

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly content: HTMLElement;
}

export interface Tabs<Id extends string> {
  readonly element: HTMLElement;
  readonly active: Id;
  activate(id: Id): void;
}

/** Tabs over their contents; `end` stands at the right of the tab row. */
export function tabs<Id extends string>(
  label: string,
  items: readonly Tab<Id>[],
  end: HTMLElement,
  onChange: (id: Id) => void,
): Tabs<Id> {
  const e = create('vscode-panels', { 'aria-label': label }) as HTMLElement & { activeid: string };
  let active = items[0]!.id;
  for (const item of items) {
    const tab = create('vscode-panel-tab', { id: `tab-${item.id}` });
    tab.append(item.label);
    e.append(tab);
  }
  for (const item of items) {
    const view = create('vscode-panel-view', { id: `view-${item.id}` });
    view.append(item.content);
    e.append(view);
  }
  end.slot = 'end';
  e.append(end);
  const activate = (id: Id): void => {
    active = id;
    e.setAttribute('activeid', `tab-${id}`);
  };
  activate(active);
  e.addEventListener('change', (event) => {
    if (event.target !== e) return;
    const id = items.find((i) => `tab-${i.id}` === e.activeid)?.id;
    if (id === undefined || id === active) return;
    active = id;
    onChange(id);
  });
  return {
    element: e,
    get active() {
      return active;
    },
    activate,
  };
}

export interface Choice<V extends string> {
  readonly value: V;
  readonly label: string;
}

export interface Dropdown<V extends string> {
  readonly element: HTMLElement;
  setChoices(choices: readonly Choice<V>[], value: V): void;
}

export function dropdown<V extends string>(label: string, onChange: (value: V) => void): Dropdown<V> {
  const e = create('vscode-dropdown', { 'aria-label': label, title: label }) as HTMLElement & {
    value: string;
  };
  let known: readonly Choice<V>[] = [];
  e.addEventListener('change', () => {
    const chosen = known.find((c) => c.value === e.value);
    if (chosen !== undefined) onChange(chosen.value);
  });
  return {
    element: e,
    setChoices(choices, value) {
      known = choices;
      e.replaceChildren(
        ...choices.map((c) => {
          const option = create('vscode-option', { value: c.value, selected: c.value === value });
          option.append(c.label);
          return option;
        }),
      );
      // The list learns of its options only after this task; a value set before would be lost.
      queueMicrotask(() => (e.value = value));
    },
  };
}

export interface SearchField {
  readonly element: HTMLElement;
  focus(): void;
  clear(): void;
  /** Shows a text without reporting it. */
  set(text: string): void;
}

/** A field that reports every change, Enter (with Shift backwards) and Escape. */
export function searchField(
  label: string,
  on: {
    change(text: string): void;
    enter(backwards: boolean): void;
    escape(): void;
  },
): SearchField {
  const e = create('vscode-text-field', {
    placeholder: label,
    'aria-label': label,
    type: 'text',
  }) as HTMLElement & {
    value: string;
  };
  const lens = icon('search');
  lens.slot = 'start';
  e.append(lens);
  e.addEventListener('input', () => on.change(e.value));
  e.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Enter') on.enter(event.shiftKey);
    else if (event.key === 'Escape') on.escape();
  });
  return {
    element: e,
    focus: () => e.focus(),
    clear: () => (e.value = ''),
    set: (text) => (e.value = text),
  };
}

/** A ring that turns while something is under way. */
export const progress = (): HTMLElement => create('vscode-progress-ring', { 'aria-hidden': 'true' });
