/** A pass: a named step over an op, with typed options. One file per pass, file name = pass name. */
import type { Cancellation } from '../../base/cancellation';
import type { Operation } from '../operation';
import type { Registry } from '../registry';
import type { ResourceStore } from '../resources';
import type { Rewriter } from '../rewrite/rewriter';
import type { Rule } from '../rewrite/rule';
import { passMessages } from './messages';

export interface PassContext {
  readonly rewriter: Rewriter;
  readonly resources: ResourceStore;
  readonly registry: Registry;
  readonly cancellation: Cancellation;
}

/** How an option is read from text such as `max-ops=4`. */
export interface OptionSpec<T> {
  readonly fallback: T;
  readonly doc: string;
  /** Completes "must be …". */
  readonly describe: string;
  readonly parse: (text: string) => T | undefined;
  // A method, so that options of different T share one table.
  print(value: T): string;
}
export const intOption = (fallback: number, doc: string): OptionSpec<number> => ({
  fallback,
  doc,
  describe: 'an integer',
  parse: (t) => (/^-?\d+$/.test(t) ? Number(t) : undefined),
  print: String,
});
export const floatOption = (fallback: number, doc: string): OptionSpec<number> => ({
  fallback,
  doc,
  describe: 'a number',
  parse: (t) => (t.trim() !== '' && Number.isFinite(Number(t)) ? Number(t) : undefined),
  print: String,
});
export const boolOption = (fallback: boolean, doc: string): OptionSpec<boolean> => ({
  fallback,
  doc,
  describe: 'true or false',
  parse: (t) => (t === 'true' || t === '' ? true : t === 'false' ? false : undefined),
  print: String,
});
export const textOption = (fallback: string, doc: string): OptionSpec<string> => ({
  fallback,
  doc,
  describe: 'text',
  parse: (t) => t,
  print: (v) => v,
});

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
export type OptionValues<S extends OptionSpecs> = {
  readonly [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never;
};

export interface PassDeclaration<S extends OptionSpecs> {
  /** Kebab-case. */
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly summary: string;
  readonly doc?: string;
  /** The op that it runs on, each on its own; `any`: the op that the pipeline is at. */
  readonly anchor: 'builtin.module' | 'func.func' | 'any';
  /** Keys in camelCase; the text form is kebab-case. */
  readonly options?: S;
  /** Rules that it applies, for documentation and bisection. */
  readonly rules?: readonly Rule[];
  readonly run: (op: Operation, context: PassContext, options: OptionValues<S>) => void;
}

/** A pass without its static option types. */
export interface Pass {
  readonly name: string;
  readonly summary: string;
  readonly doc: string;
  readonly anchor: 'builtin.module' | 'func.func' | 'any';
  readonly options: OptionSpecs;
  readonly rules: readonly Rule[];
  /** A runnable form with options read from `key=value` texts; throws STR0207/STR0208. */
  configure(options: ReadonlyMap<string, string>): ConfiguredPass;
}
export interface ConfiguredPass {
  readonly pass: Pass;
  /** `name` or `name{key=value …}` with what differs from the defaults, sorted. */
  readonly text: string;
  readonly run: (op: Operation, context: PassContext) => void;
}

const kebab = (camel: string): string => camel.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

export function definePass<const S extends OptionSpecs = Record<never, never>>(
  declaration: PassDeclaration<S>,
): Pass {
  const specs = declaration.options ?? ({} as S);
  const pass: Pass = {
    name: declaration.name,
    summary: declaration.summary,
    doc: declaration.doc ?? '',
    anchor: declaration.anchor,
    options: specs,
    rules: declaration.rules ?? [],
    configure: (given) => {
      const values: Record<string, unknown> = {};
      const shown: string[] = [];
      for (const key of given.keys()) {
        if (!Object.keys(specs).some((s) => kebab(s) === key)) {
          const known = Object.keys(specs).map(kebab).join(', ') || 'none';
          throw passMessages.error('STR0208', { pass: declaration.name, option: key, known });
        }
      }
      for (const [name, spec] of Object.entries(specs)) {
        const text = given.get(kebab(name));
        const value = text === undefined ? spec.fallback : spec.parse(text);
        if (value === undefined) {
          throw passMessages.error('STR0207', {
            pass: declaration.name,
            option: kebab(name),
            expected: spec.describe,
            found: text ?? '',
          });
        }
        values[name] = value;
        if (value !== spec.fallback) shown.push(`${kebab(name)}=${spec.print(value)}`);
      }
      return {
        pass,
        text: shown.length === 0 ? declaration.name : `${declaration.name}{${shown.sort().join(' ')}}`,
        run: (op, context) => {
          declaration.run(op, context, values as OptionValues<S>);
        },
      };
    },
  };
  return pass;
}
