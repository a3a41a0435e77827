/**
 * ONNX backend cases that do not pass yet, by target, with the reason. A case here that passes fails the run, so that
 * the list stays true.
 */
import type { ConformanceTarget } from './conformance';

interface Expectation {
  readonly reason: string;
  readonly cases: readonly string[];
}

const interpreter: readonly Expectation[] = [];
const lists: Readonly<Record<ConformanceTarget, readonly Expectation[]>> = { interpreter, cpu: [] };

/** Case name → reason. */
export const expectedFailures = (target: ConformanceTarget): ReadonlyMap<string, string> =>
  new Map(lists[target].flatMap(({ reason, cases }) => cases.map((name) => [name, reason] as const)));
