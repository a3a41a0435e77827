/** The frames of a trace: whole iterations of a run, steps of a training loop, frames of a renderer. Pure. */
import type { TraceColumns, ZoneFacts } from '../trace';

export interface Frames {
  readonly start: Float64Array;
  readonly duration: Float64Array;
  readonly zone: Uint32Array;
  /** Index into `entries`. */
  readonly entry: Uint8Array;
  /** Entry points, or names; at most 255, the last stands for all further ones. */
  readonly entries: readonly string[];
}

/** What other tools call a frame. */
const FRAME_NAME = /^(ProfilerStep#\d+|(frame|iteration|step|token|decode|prefill)\b.*)$/i;
const MOST_ENTRIES = 255;

/**
 * Zones of the top row that record an iteration and are no dispatch, of the first track that has some; where none has, those
 * with the name of a frame.
 */
export function framesOf(trace: TraceColumns, facts: readonly ZoneFacts[]): Frames {
  const { zones, tracks, strings } = trace;
  const named = strings.map((s) => FRAME_NAME.test(s));
  const isWhole = (z: number): boolean =>
    zones.iteration[z]! >= 0 && facts[zones.args[z]!]?.dispatch === undefined;
  const isNamed = (z: number): boolean => named[zones.name[z]!] === true;
  const found: number[] = [];
  for (const test of [isWhole, isNamed]) {
    for (const t of tracks) {
      if (t.kind === 'counter' || found.length > 0) continue;
      for (let z = t.first; z < t.first + t.count; z++) if (zones.depth[z] === 0 && test(z)) found.push(z);
    }
  }
  const entries: string[] = [];
  const entryOf = (z: number): number => {
    const name = facts[zones.args[z]!]?.entry ?? (strings[zones.name[z]!] ?? '').replace(/#?\d+$/, '');
    const known = entries.indexOf(name);
    if (known >= 0) return known;
    return entries.length < MOST_ENTRIES ? entries.push(name) - 1 : MOST_ENTRIES - 1;
  };
  return {
    start: Float64Array.from(found, (z) => zones.start[z]!),
    duration: Float64Array.from(found, (z) => zones.duration[z]!),
    zone: Uint32Array.from(found),
    entry: Uint8Array.from(found, entryOf),
    entries,
  };
}

/** A bar of the frames strip: one frame, or the longest of several that share its pixels. */
export interface FrameBar {
  /** Index of the frame. */
  readonly frame: number;
  readonly x: number;
  readonly width: number;
  /** Of the longest frame shown, 0 to 1. */
  readonly height: number;
  readonly count: number;
}

const BAR = 6;

/** Equal bars for frames in order, narrower the more there are; several share one where not even a pixel is left for each. */
export function frameBars(frames: Pick<Frames, 'duration'>, width: number): readonly FrameBar[] {
  const n = frames.duration.length;
  if (n === 0 || width < 1) return [];
  const longest = frames.duration.reduce((a, b) => Math.max(a, b), 0) || 1;
  const size = Math.min(BAR, width / n);
  const per = size >= 1 ? 1 : Math.ceil(n / width);
  const step = per === 1 ? size : 1;
  return Array.from({ length: Math.ceil(n / per) }, (_, i): FrameBar => {
    let frame = i * per;
    const end = Math.min(n, frame + per);
    for (let k = frame; k < end; k++) if (frames.duration[k]! > frames.duration[frame]!) frame = k;
    return {
      frame,
      x: i * step,
      width: step,
      height: frames.duration[frame]! / longest,
      count: end - i * per,
    };
  });
}
