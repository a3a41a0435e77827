/** Texts of zone names by number: all of them where they are few, else fetched when they are first shown. */
import type { RemoteQueries } from '../../src/protocol/profilerView';

export class NameBook {
  private readonly texts: (string | undefined)[];
  private readonly asked = new Set<number>();

  constructor(
    private readonly queries: RemoteQueries,
    known: readonly string[] | undefined,
    private readonly changed: () => void,
    private readonly failed: (problem: unknown) => void,
  ) {
    this.texts = [...(known ?? [])];
  }

  /** Empty until it has come. */
  text(name: number): string {
    const text = this.texts[name];
    if (text === undefined) this.need([name]);
    return text ?? '';
  }

  /** Fetches those that are not known. */
  need(names: readonly number[]): void {
    const missing = names.filter((n) => this.texts[n] === undefined && !this.asked.has(n));
    if (missing.length === 0) return;
    for (const n of missing) this.asked.add(n);
    this.queries.names(missing).then((texts) => {
      missing.forEach((n, i) => (this.texts[n] = texts[i] ?? ''));
      this.changed();
    }, this.failed);
  }
}
