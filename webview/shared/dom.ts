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
