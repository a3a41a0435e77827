/** Values of Arrow columns, which is what DuckDB answers with, as cells. */
import { DataType } from 'apache-arrow';
import type { Decimal, Vector } from 'apache-arrow';
import type { Cell, CellType } from './queryResult';

export function typeOf(type: DataType): CellType {
  if (DataType.isInt(type)) return 'integer';
  if (DataType.isDecimal(type)) return type.scale === 0 ? 'integer' : 'number';
  if (DataType.isFloat(type)) return 'number';
  return DataType.isBool(type) ? 'boolean' : 'text';
}

/** Appends the first `count` values of `vector`. */
export function cellsOf(vector: Vector, count: number, to: Cell[]): void {
  const decimal = DataType.isDecimal(vector.type) ? vector.type : undefined;
  const moment = DataType.isDate(vector.type) || DataType.isTimestamp(vector.type);
  for (let i = 0; i < count; i++) {
    const value: unknown = vector.get(i);
    if (decimal !== undefined && value instanceof Uint32Array) to.push(decimalCell(value, decimal));
    else if (moment && typeof value === 'number') to.push(new Date(value).toISOString());
    else to.push(cell(value));
  }
}

function cell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'bigint':
      return exact(value);
    case 'number':
    case 'string':
    case 'boolean':
      return value;
    default:
      // Lists, structs, dates: their own text.
      return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? exact(v) : v));
  }
}

const exact = (value: bigint): number | string =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value.toString();

/** A decimal as Arrow keeps it: little-endian 32-bit words in two's complement, scaled by a power of ten. */
function decimalCell(words: Uint32Array, type: Decimal): Cell {
  let value = 0n;
  for (let w = words.length - 1; w >= 0; w--) value = (value << 32n) | BigInt(words[w]!);
  value = BigInt.asIntN(words.length * 32, value);
  return type.scale === 0 ? exact(value) : Number(value) / 10 ** type.scale;
}
