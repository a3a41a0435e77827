/** Writes a trace as Chrome JSON, which every viewer reads. Times are relative to `otherData.originNs`, exact to the nanosecond. */
import { argsOf } from '../trace';
import type { ArgValue, Trace } from '../trace';

const micros = (t: number): string => {
  const whole = Math.floor(t / 1000);
  const rest = t - whole * 1000;
  return rest === 0 ? String(whole) : `${whole}.${String(rest).padStart(3, '0')}`;
};

function argsObject(trace: Trace, id: number): Record<string, ArgValue | readonly ArgValue[]> {
  const out: Record<string, ArgValue | ArgValue[]> = {};
  for (const [key, value] of argsOf(trace, id)) {
    const seen = out[key];
    // A model node list stays a list with one entry; other keys become one only where they repeat.
    if (seen === undefined) out[key] = key === 'origins' ? [value] : value;
    else if (Array.isArray(seen)) seen.push(value);
    else out[key] = [seen, value];
  }
  return out;
}

/** Yields the file in pieces, so that it can be larger than a string may be. */
export function* chromeJson(trace: Trace): Generator<string> {
  const processes = [...new Set(trace.tracks.map((t) => t.process))];
  const pid = (process: string | undefined): number => processes.indexOf(process) + 1;
  yield `{"displayTimeUnit":"ns","otherData":{"originNs":"${trace.origin}"},"traceEvents":[`;
  let separator = '\n';
  for (const process of processes) {
    if (process === undefined) continue;
    yield `${separator}{"ph":"M","name":"process_name","pid":${pid(process)},"tid":0,"args":{"name":${JSON.stringify(process)}}}`;
    separator = ',\n';
  }
  const args = Array.from({ length: trace.args.offset.length - 1 }, (_, id) => {
    const text = JSON.stringify(argsObject(trace, id));
    return text === '{}' ? '' : text.slice(1, -1);
  });
  const argsText = (zone: number): string => {
    const set = args[trace.zones.args[zone]!] ?? '';
    const iteration = trace.zones.iteration[zone]!;
    if (iteration < 0) return set === '' ? '' : `,"args":{${set}}`;
    return `,"args":{${set === '' ? '' : `${set},`}"iteration":${iteration}}`;
  };
  for (const [tid, track] of trace.tracks.entries()) {
    const where = `"pid":${pid(track.process)},"tid":${tid}`;
    if (track.kind === 'counter') {
      for (let i = track.first; i < track.first + track.count; i++) {
        yield `${separator}{"ph":"C","name":${JSON.stringify(track.name)},${where},"ts":${micros(trace.counters.time[i]!)},"args":{${JSON.stringify(track.unit ?? 'value')}:${trace.counters.value[i]!}}}`;
        separator = ',\n';
      }
      continue;
    }
    yield `${separator}{"ph":"M","name":"thread_name",${where},"args":{"name":${JSON.stringify(track.name)}}}`;
    separator = ',\n';
    for (let i = track.first; i < track.first + track.count; i++) {
      const name = JSON.stringify(trace.strings[trace.zones.name[i]!] ?? '');
      yield `,\n{"ph":"X","name":${name},${where},"ts":${micros(trace.zones.start[i]!)},"dur":${micros(trace.zones.duration[i]!)}${argsText(i)}}`;
    }
  }
  const { from, to } = trace.flows;
  const end = (phase: 's' | 'f', flow: number, zone: number): string => {
    const track = trace.zones.track[zone]!;
    const where = `"pid":${pid(trace.tracks[track]!.process)},"tid":${track}`;
    return `${separator}{"ph":"${phase}",${phase === 'f' ? '"bp":"e",' : ''}"id":${flow + 1},"name":"flow","cat":"flow",${where},"ts":${micros(trace.zones.start[zone]!)}}`;
  };
  for (let i = 0; i < from.length; i++) {
    yield end('s', i, from[i]!);
    yield end('f', i, to[i]!);
  }
  yield '\n]}\n';
}
