/**
 * Divides the kernels' C into translation units that are compiled apart, side by side, and kept: a unit holds code and
 * nothing that names where it came from, so the same code gives the same unit in any model.
 */
import { createHash } from 'node:crypto';
import { Prelude } from './prelude';

export interface TranslationUnit {
  /** Complete C; its functions are named by their code. */
  readonly source: string;
  /** What its functions are called in the program: several kernels may be one function. */
  readonly exports: readonly { readonly symbol: string; readonly name: string }[];
}
export interface UnitKernel {
  /** Name in the program. */
  readonly symbol: string;
  /** The function from the brace on, without comments. */
  readonly code: string;
  /** What the code asks for. */
  readonly prelude: Prelude;
}

/** Characters of C in a unit, but for the last one and for kernels that are larger. */
const smallest = 16_000;
const largest = 48_000;

/** C without its comments and empty lines; generated C has no `//` in literals. */
export const codeOf = (body: string): string => body.replace(/[ \t]*\/\/.*$/gm, '').replace(/\n{2,}/g, '\n');

/** What the function with this code is called where it is compiled. */
export const compiledName = (code: string): string => `kernel_${hashOf(code)}`;
const hashOf = (code: string): string => createHash('sha256').update(code).digest('hex').slice(0, 16);

/** In order of first use. Where a unit ends depends on its kernels only, so that a change stays in its unit. */
export function translationUnits(
  kernels: readonly UnitKernel[],
  head: string,
  parameters: string,
): readonly TranslationUnit[] {
  const functions = new Map<string, UnitKernel & { readonly compiled: string; readonly symbols: string[] }>();
  for (const kernel of kernels) {
    const known = functions.get(kernel.code);
    if (known !== undefined) known.symbols.push(kernel.symbol);
    else {
      functions.set(kernel.code, {
        ...kernel,
        compiled: compiledName(kernel.code),
        symbols: [kernel.symbol],
      });
    }
  }
  const groups: (UnitKernel & { readonly compiled: string; readonly symbols: readonly string[] })[][] = [];
  let size = Infinity;
  for (const f of functions.values()) {
    if (size + f.code.length > largest) {
      groups.push([]);
      size = 0;
    }
    groups[groups.length - 1]!.push(f);
    size += f.code.length;
    if (size >= smallest && parseInt(hashOf(f.code)[0]!, 16) % 2 === 0) size = Infinity;
  }
  return groups.map((group) => {
    const prelude = new Prelude();
    for (const f of group) prelude.merge(f.prelude);
    // Lines are counted from the function's own first, so that line tables say the same wherever it stands.
    const texts = group.map(
      (f) => `#line 1 "${f.compiled}.c"\nSTRATA_EXPORT void ${f.compiled}(${parameters})\n${f.code}`,
    );
    return {
      source: `${[head, prelude.text(), ...texts].filter((s) => s !== '').join('\n\n')}\n`,
      exports: group.flatMap((f) => f.symbols.map((name) => ({ symbol: f.compiled, name }))),
    };
  });
}
