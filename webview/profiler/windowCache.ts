/**
 * What a chart draws: rectangles around the visible range, fetched ahead of it, and the whole content in coarse steps for where
 * that has not come yet. A frame never waits: it draws what is there, and another follows when more has come.
 */
import { spanOf } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { ChartSource, RemoteQueries, WindowAnswer } from '../../src/protocol/profilerView';
import type { NameBook } from './nameBook';

export interface Wanted {
  readonly source: ChartSource;
  readonly rows: readonly number[];
  readonly viewport: Viewport;
  readonly width: number;
  readonly extent: number;
  readonly search: string;
}

/** Fetched to each side, in widths of the view. */
const AHEAD = 1;
/** With less than this left at a side, more is fetched. */
const LEAST_AHEAD = 0.35;
const COARSE_PIXELS = 2048;
/** Rectangles at least this wide may show their name. */
const NAMED = 20;

export class WindowCache {
  fine: WindowAnswer | undefined;
  coarse: WindowAnswer | undefined;
  private wanted: Wanted | undefined;
  private key = '';
  private fineKey = '';
  private coarseKey = '';
  private busy = false;
  /** What the last failed request asked for: asking again would fail again. */
  private refused = '';

  constructor(
    private readonly queries: () => RemoteQueries,
    private readonly names: () => NameBook,
    private readonly changed: () => void,
    private readonly failed: (problem: unknown) => void,
  ) {}

  /** Says what is to be drawn now; true when `fine` is exactly that. */
  want(wanted: Wanted): boolean {
    this.wanted = wanted;
    const key = JSON.stringify([wanted.source, wanted.search]);
    if (key !== this.key) {
      // Of another search the rectangles are the same; of another source they are not.
      if (JSON.stringify(wanted.source) !== JSON.stringify(this.sourceOf(this.key))) this.drop();
      this.key = key;
      this.refused = '';
    }
    const exact = this.fineKey === key && isExact(this.fine, wanted);
    void this.fetch();
    return exact;
  }

  /** Forgets everything: another trace. */
  drop(): void {
    this.fine = this.coarse = undefined;
    this.fineKey = this.coarseKey = '';
  }

  private sourceOf(key: string): unknown {
    return key === '' ? undefined : (JSON.parse(key) as readonly unknown[])[0];
  }

  private async fetch(): Promise<void> {
    if (this.busy || this.wanted === undefined) return;
    const { wanted, key } = this;
    const lacking =
      this.fineKey !== key || !isExact(this.fine, wanted) || !isAhead(this.fine!, wanted)
        ? 'fine'
        : this.coarseKey !== key || !holdsRows(this.coarse, wanted.rows)
          ? 'coarse'
          : undefined;
    if (lacking === undefined) return;
    const { source, rows, search } = wanted;
    const about = { source, rows, ...(search === '' ? {} : { search }) };
    const request =
      lacking === 'fine'
        ? { ...about, ...aheadOf(wanted) }
        : { ...about, from: 0, to: Math.max(1, wanted.extent), pixels: COARSE_PIXELS };
    const asked = JSON.stringify(request);
    if (asked === this.refused) return;
    this.busy = true;
    try {
      const answer = await this.queries().window(request);
      this.names().need(labelled(answer));
      if (key === this.key) {
        if (lacking === 'fine') [this.fine, this.fineKey] = [answer, key];
        else [this.coarse, this.coarseKey] = [answer, key];
        this.changed();
      }
    } catch (problem) {
      this.refused = asked;
      this.failed(problem);
    } finally {
      this.busy = false;
    }
    void this.fetch();
  }
}

/** Names of the rectangles that are wide enough to show them. */
function labelled(a: WindowAnswer): readonly number[] {
  const names = new Set<number>();
  for (let i = 0; i < a.x.length; i++) if (a.count[i] === 1 && a.width[i]! >= NAMED) names.add(a.name[i]!);
  return [...names];
}

const scaleOf = (w: Pick<WindowAnswer, 'from' | 'to' | 'pixels'>): number => w.pixels / (w.to - w.from);

function holdsRows(a: WindowAnswer | undefined, rows: readonly number[]): boolean {
  if (a === undefined) return false;
  if (a.rows === rows) return true;
  const held = new Set(a.rows);
  return rows.every((r) => held.has(r));
}

function isExact(a: WindowAnswer | undefined, w: Wanted): boolean {
  if (a === undefined) return false;
  const scale = w.width / spanOf(w.viewport);
  return (
    a.from <= Math.max(w.viewport.from, 0) &&
    a.to >= Math.min(w.viewport.to, w.extent) &&
    Math.abs(scaleOf(a) / scale - 1) < 1e-3 &&
    holdsRows(a, w.rows)
  );
}

/** Whether there is still enough at both sides, or nothing more to come. */
function isAhead(a: WindowAnswer, w: Wanted): boolean {
  const room = spanOf(w.viewport) * LEAST_AHEAD;
  return a.from <= Math.max(0, w.viewport.from - room) && a.to >= Math.min(w.extent, w.viewport.to + room);
}

function aheadOf({ viewport, width, extent }: Wanted): Pick<WindowAnswer, 'from' | 'to' | 'pixels'> {
  const span = spanOf(viewport);
  const from = Math.max(Math.min(0, viewport.from), viewport.from - span * AHEAD);
  const to = Math.min(Math.max(extent, viewport.to), viewport.to + span * AHEAD);
  return { from, to, pixels: (width * (to - from)) / span };
}
