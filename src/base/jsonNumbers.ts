/** JSON that keeps infinities and NaN, which it has no words for: as `{"number": "Infinity"}`. */
const encode = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value;
function decode(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { number, ...rest } = value as { number?: unknown };
  return typeof number === 'string' && Object.keys(rest).length === 0 ? Number(number) : value;
}

export const jsonWithNumbers = (value: unknown): string => JSON.stringify(value, encode);
export const parseWithNumbers = (text: string): unknown => JSON.parse(text, decode) as unknown;
