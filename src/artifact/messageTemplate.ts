/**
 * Diagnostics that both TypeScript and the native runner raise. Their wording is a template (`input "{name}" has …`)
 * from which the TypeScript message and the C++ error table derive, so that both sides say the same.
 */
import { message, type Message } from '../base/diagnostics';

export interface MessageTemplate {
  /** Name in the native runner's error table; left out where only TypeScript raises it. */
  readonly native?: string;
  readonly text: string;
  readonly next: string;
}

type Placeholder<S extends string> = S extends `${string}{${infer P}}${infer Rest}`
  ? P | Placeholder<Rest>
  : never;
type ParamsOfTemplate<T extends MessageTemplate> = Readonly<
  Record<Placeholder<T['text']> | Placeholder<T['next']>, string | number>
>;

/** Replaces each `{name}` by its parameter. */
export const fillTemplate = (template: string, params: Readonly<Record<string, string | number>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));

/** Turns templates into a table for `defineMessages`, parameters typed by the placeholders. */
export function templated<const T extends Readonly<Record<string, MessageTemplate>>>(
  templates: T,
): { [K in keyof T]: Message<ParamsOfTemplate<T[K]>> } {
  return Object.fromEntries(
    Object.entries(templates).map(([code, { text, next }]) => [
      code,
      message<Readonly<Record<string, string | number>>>({
        text: (params) => fillTemplate(text, params),
        next: (params) => fillTemplate(next, params),
      }),
    ]),
  ) as { [K in keyof T]: Message<ParamsOfTemplate<T[K]>> };
}
