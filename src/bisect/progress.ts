/** Collects a bisection while it runs and tells who watches after each step. */
import type { Cancellation } from '../base/cancellation';
import type { Bisection, Culprit, Level, PointInfo, SavedTests } from './bisection';
import type { Outlook, Search, SearchOptions, Test } from './search';
import { binaryBound, runSearch } from './search';

export interface BisectEnvironment {
  readonly cancellation: Cancellation;
  /** After each step, with all that is known. */
  readonly onUpdate?: (bisection: Bisection) => void;
  /** Tests of an earlier run of the same bisection. */
  readonly saved?: SavedTests;
}

export class Progress {
  #bisection: Bisection;
  readonly #start = Date.now();

  constructor(
    start: Pick<Bisection, 'kind' | 'subject' | 'metric'>,
    readonly environment: BisectEnvironment,
  ) {
    const startedAt = Date.now();
    this.#bisection = {
      version: 1,
      ...start,
      id: `${start.kind}-${startedAt.toString(36)}`,
      startedAt,
      durationMs: 0,
      status: 'running',
      activity: '',
      levels: [],
      culprits: [],
      verdict: '',
      notes: [],
      runs: { search: 0, bound: 0, other: 0 },
    };
  }

  get bisection(): Bisection {
    return this.#bisection;
  }
  update(change: Partial<Bisection>): void {
    this.#bisection = { ...this.#bisection, ...change, durationMs: Date.now() - this.#start };
    this.environment.onUpdate?.(this.#bisection);
  }
  activity(text: string): void {
    this.update({ activity: text });
  }
  note(text: string): void {
    if (!this.#bisection.notes.includes(text)) this.update({ notes: [...this.#bisection.notes, text] });
  }
  /** A run of the program that is not part of the search. */
  ranOnce(): void {
    const { runs } = this.#bisection;
    this.#bisection = { ...this.#bisection, runs: { ...runs, other: runs.other + 1 } };
  }
  culprit(culprit: Culprit): void {
    this.update({ culprits: [...this.#bisection.culprits, culprit] });
  }
  replaceCulprit(culprit: Culprit): void {
    this.update({ culprits: [...this.#bisection.culprits.slice(0, -1), culprit] });
  }
  done(verdict: string): Bisection {
    this.update({ status: 'done', activity: '', verdict });
    return this.#bisection;
  }

  /** Searches a level, going on from the tests that were saved of it. */
  async search(
    level: { readonly id: string; readonly title: string; readonly points: readonly PointInfo[] },
    known: readonly Test[],
    test: (point: number) => Promise<Omit<Test, 'point' | 'by'>>,
    options: Pick<SearchOptions, 'exhaustive' | 'spotChecks'> = {},
  ): Promise<{ readonly search: Search; readonly outlook: Outlook }> {
    const bound = binaryBound(level.points.length, known.length > 1);
    const saved = this.environment.saved?.get(level.id) ?? [];
    const publish = (search: Search, running: number | undefined): void => {
      const made: Level = { ...level, search, bound, ...(running === undefined ? {} : { running }) };
      const levels = [...this.#bisection.levels.filter((l) => l.id !== level.id), made];
      const measured = levels.flatMap((l) => l.search.tests).filter((t) => t.by === 'measured').length;
      const { runs } = this.#bisection;
      this.update({
        levels,
        runs: { ...runs, search: measured, bound: levels.reduce((n, l) => n + l.bound, 0) },
      });
    };
    const start: Search = {
      count: level.points.length,
      tests: [...known, ...saved.filter((t) => t.by !== 'known')],
    };
    publish(start, undefined);
    return runSearch(start, test, {
      ...options,
      cancellation: this.environment.cancellation,
      onState: publish,
    });
  }
}
