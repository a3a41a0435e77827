/**
 * Writes zones as speedscope JSON: one evented profile per track, in nanoseconds after the start of the trace. Zones that
 * overlap without nesting make a further profile. The format has no place for counters, arguments or absolute time.
 */
import { argsOf } from '../trace';
import type { Trace } from '../trace';
import { laneEvents, nestedLanes } from './nestedLanes';

/** A frame is a name with a place in the source. */
function framesOf(trace: Trace): { readonly of: Uint32Array; readonly frames: readonly object[] } {
  const places = Array.from({ length: Math.max(1, trace.args.offset.length - 1) }, (_, id) => {
    const args = new Map(argsOf(trace, id));
    const [file, line] = [args.get('file'), args.get('line')];
    return {
      ...(typeof file === 'string' ? { file } : {}),
      ...(typeof line === 'number' ? { line } : {}),
    };
  });
  const keys = places.map((p) => JSON.stringify(p));
  const ids = new Map<string, number>();
  const frames: object[] = [];
  const { name, args } = trace.zones;
  const of = new Uint32Array(name.length);
  for (let i = 0; i < name.length; i++) {
    const key = `${name[i]} ${keys[args[i]!]!}`;
    let id = ids.get(key);
    if (id === undefined) {
      id = frames.length;
      ids.set(key, id);
      frames.push({ name: trace.strings[name[i]!] ?? '', ...places[args[i]!]! });
    }
    of[i] = id;
  }
  return { of, frames };
}

/** Yields the file in pieces, so that it can be larger than a string may be. */
export function* speedscopeJson(trace: Trace, name: string): Generator<string> {
  const { of, frames } = framesOf(trace);
  const { zones } = trace;
  yield `{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"strata","name":${JSON.stringify(name)},"activeProfileIndex":0,"shared":{"frames":[`;
  for (const [i, frame] of frames.entries()) yield `${i === 0 ? '\n' : ',\n'}${JSON.stringify(frame)}`;
  yield '\n]},"profiles":[';
  let separator = '\n';
  for (const track of trace.tracks) {
    if (track.kind === 'counter') continue;
    const title = track.process === undefined ? track.name : `${track.process}: ${track.name}`;
    for (const lane of nestedLanes(zones, track)) {
      yield `${separator}{"type":"evented","name":${JSON.stringify(title)},"unit":"nanoseconds","startValue":0,"endValue":${trace.span},"events":[`;
      separator = ',\n';
      let between = '\n';
      for (const e of laneEvents(zones, lane)) {
        const row = Math.abs(e) - 1;
        const at = zones.start[row]! + (e < 0 ? zones.duration[row]! : 0);
        yield `${between}{"type":"${e < 0 ? 'C' : 'O'}","frame":${of[row]},"at":${at}}`;
        between = ',\n';
      }
      yield '\n]}';
    }
  }
  yield '\n]}\n';
}
