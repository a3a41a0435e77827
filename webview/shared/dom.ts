/** Elements without HTML text, so that nothing from a trace is ever parsed as markup. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
export type Child = Node | string | undefined;

/** Creates an element. Attributes that are undefined or false are left out; true becomes an empty one. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  setAttributes(e, attributes);
  e.append(...children.filter((c) => c !== undefined));
  return e;
}

export function setAttributes(e: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) e.removeAttribute(name);
    else e.setAttribute(name, value === true ? '' : String(value));
  }
}

/** A codicon; decoration only, so hidden from screen readers. */
export const icon = (name: string): HTMLElement =>
  element('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });

const TAIL = 12;

/** A text in one line that gives way in its middle, so that its end stays readable. */
export function cutText(text: string): HTMLElement {
  if (text.length <= TAIL * 2)
    return element('span', { class: 'cut' }, element('span', { class: 'cut-head' }, text));
  return element(
    'span',
    { class: 'cut' },
    element('span', { class: 'cut-head' }, text.slice(0, -TAIL)),
    element('span', { class: 'cut-tail' }, text.slice(-TAIL)),
  );
}

/** A text that may break after the separators of generated names. */
export const breakable = (text: string): HTMLElement =>
  element('span', {}, ...text.split(/(?<=[_./:$])/).flatMap((part) => [part, document.createElement('wbr')]));
