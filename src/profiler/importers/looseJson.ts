/** Reads a whole JSON file into values: for profile formats whose size is bounded by their tables. Keeps what lies before a cut. */
import { JsonError, JsonReader } from './jsonReader';

const MAX_DEPTH = 512;

export interface LooseJson {
  readonly value: unknown;
  /** Where the text ends early or stops being JSON; the value holds what was read until there. */
  readonly brokenAt?: number;
}

/** Any bytes give a value; those that start with no JSON give undefined. */
export function looseJson(bytes: Uint8Array): LooseJson {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: false }).decode(bytes)) as unknown };
  } catch {
    return partialJson(bytes);
  }
}

function partialJson(bytes: Uint8Array): LooseJson {
  const json = new JsonReader(bytes);
  let brokenAt: number | undefined;
  const guarded = (read: () => void): void => {
    try {
      read();
    } catch (e) {
      if (!(e instanceof JsonError)) throw e;
      brokenAt ??= e.at;
    }
  };
  const read = (depth: number): unknown => {
    if (depth > MAX_DEPTH) json.fail();
    switch (json.kind()) {
      case 'object': {
        const out = new Map<string, unknown>();
        guarded(() =>
          json.object((key) => {
            out.set(key, read(depth + 1));
            if (brokenAt !== undefined) json.fail();
          }),
        );
        return Object.fromEntries(out);
      }
      case 'array': {
        const out: unknown[] = [];
        guarded(() =>
          json.array(() => {
            const item = read(depth + 1);
            out.push(item);
            if (brokenAt !== undefined) json.fail();
          }),
        );
        return out;
      }
      case 'string':
        return json.string();
      case 'other':
        return json.word();
    }
  };
  let value: unknown;
  guarded(() => (value = read(0)));
  return brokenAt === undefined ? { value } : { value, brokenAt };
}

/** Field `key` of an object; undefined for anything else. */
export const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

/** The items of a list; none for anything else. */
export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
