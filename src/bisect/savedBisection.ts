/** Bisections as files: written whole after each step, so that a search that is stopped can be gone on with. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { jsonWithNumbers, parseWithNumbers } from '../base/jsonNumbers';
import { reasonOf } from '../compiler/readText';
import type { Bisection, Level } from './bisection';
import { bisectMessages } from './messages';
import type { Test } from './search';

/** Throws STR1105 when there is no room; what was there before stays. */
export function writeBisection(file: string, bisection: Bisection): void {
  const part = `${file}.part`;
  try {
    writeFileSync(part, jsonWithNumbers(bisection));
    renameSync(part, file);
  } catch (cause) {
    rmSync(part, { force: true });
    throw bisectMessages.error('STR1105', { folder: file, problem: reasonOf(cause) }, { cause });
  }
}

/** Undefined where there is none. Throws STR1107 for a file that is something else. */
export function readBisection(file: string): Bisection | undefined {
  if (!existsSync(file)) return undefined;
  let read: unknown;
  try {
    read = parseWithNumbers(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw bisectMessages.error('STR1107', { file, problem: reasonOf(cause) }, { cause });
  }
  if (!isBisection(read))
    throw bisectMessages.error('STR1107', { file, problem: 'it is no bisection of this version' });
  return read;
}

/** What a search is gone on from is checked: verdicts about points. The rest is only shown. */
export function isBisection(value: unknown): value is Bisection {
  const b = value as Pick<Bisection, 'version' | 'levels' | 'culprits'> | null;
  return (
    typeof b === 'object' &&
    b !== null &&
    b.version === 1 &&
    Array.isArray(b.levels) &&
    b.levels.every(isLevel) &&
    Array.isArray(b.culprits)
  );
}

function isLevel(level: unknown): boolean {
  const l = level as Partial<Level>;
  return (
    typeof l.id === 'string' &&
    Array.isArray(l.points) &&
    Array.isArray(l.search?.tests) &&
    l.search.tests.every(
      (t: Test) => Number.isInteger(t.point) && ['good', 'bad', 'skip'].includes(t.verdict),
    )
  );
}
