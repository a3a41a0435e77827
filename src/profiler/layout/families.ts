/** Which of the eight hues a zone has: the family of its op for dispatches of ours and of other compilers, else its name. */

/** Hue `i` means `FAMILIES[i]`; the order is fixed, so that a family keeps its colour everywhere. */
export const FAMILIES = [
  'convolution',
  'depthwise',
  'matmul',
  'attention',
  'elementwise',
  'reduction',
  'data movement',
  'runtime',
] as const;
export type Family = (typeof FAMILIES)[number];

/** Words, in order of precedence: a fused name shows its costliest op. */
const WORDS: readonly (readonly [Family, RegExp])[] = [
  ['attention', /attention|sdpa|flash_attn|rope/],
  ['depthwise', /depthwise|dwconv|dw_conv/],
  ['convolution', /conv(?!ert)|winograd|im2col/],
  ['matmul', /matmul|gemm|gemv|mmt|(^|_)dot|contract|linear|fully_connected|einsum/],
  ['reduction', /reduc|softmax|norm|pool|(^|_)(sum|mean|argmax|argmin|max|min)(_|$)/],
  [
    'data movement',
    /transpose|copy|memset|(^|_)(pad|pack|unpack|slice|concat|gather|scatter|reshape|broadcast|split)|convert/,
  ],
  [
    'elementwise',
    /elementwise|relu|clip|sigmoid|gelu|silu|swish|tanh|erf|(^|_)(add|sub|mul|div|exp|neg|cast|bias)/,
  ],
  [
    'runtime',
    /invoke|submit|barrier|wait|idle|sync|alloc|parallel|queue|upload|download|(^|_)(load|run|entry|iteration|frame)/,
  ],
];

/** The family that a zone name speaks of. */
export function familyOf(name: string): Family | undefined {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0];
}

export interface Hues {
  /** Hue 0 to 7 per name, −1 for neutral. */
  readonly of: Int8Array;
  /** Families in use, for the legend; empty when hues only tell names apart. */
  readonly legend: readonly Family[];
}

const hash = (text: string): number => {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
};

/** Hue of one name, −1 for neutral; `byFamily` where the trace's hues mean families. */
export function hueOf(name: string, byFamily: boolean): number {
  if (!byFamily) return hash(name) % FAMILIES.length;
  const family = familyOf(name);
  return family === undefined ? -1 : FAMILIES.indexOf(family);
}

/** Hues of `strings`, of which `used` are zone names. Families apply when they cover half of the names. */
export function huesOf(strings: readonly string[], used: Iterable<number>): Hues {
  const names = [...used];
  const families = Int8Array.from(strings, () => -1);
  for (const n of names) families[n] = hueOf(strings[n] ?? '', true);
  const known = names.filter((n) => families[n]! >= 0).length;
  if (known * 2 >= names.length)
    return { of: families, legend: FAMILIES.filter((_, i) => names.some((n) => families[n] === i)) };
  for (const n of names) families[n] = hueOf(strings[n] ?? '', false);
  return { of: families, legend: [] };
}
