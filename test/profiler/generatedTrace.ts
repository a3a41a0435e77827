/** A generated trace of any size for the benchmark of readers, and for its check at reduced size. */
import type { Trace } from '../../src/profiler/trace';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import { random } from './sampleTrace';

/**
 * Iterations of 60 dispatches on four threads with four tiles each, with the arguments that our runner records; with `tileArgs`
 * tiles have arguments too, as other tools write them: 150 bytes of Chrome JSON a zone.
 */
export function generatedTrace(zones: number, tileArgs = false): Trace {
  const b = new TraceBuilder('bench');
  const rand = random(1);
  const tracks = [0, 1, 2, 3].map((t) =>
    b.addTrack({ kind: 'thread', name: `worker ${t}`, process: 'runner' }),
  );
  let at = 0;
  for (let made = 0, i = 0; made < zones; i++) {
    for (let d = 0; d < 60 && made < zones; d++) {
      const length = 2_000 + Math.floor(rand() * 100_000);
      for (const track of tracks) {
        b.arg('dispatch', d);
        b.arg('entry', 'main');
        b.arg('origins', `/features/${d}/Conv`);
        b.arg('flops', 1_000_000 * (d + 1));
        b.arg('iteration', i);
        b.zone(track, at, length, b.intern(`main_dispatch_${d}_conv2d_f32`), b.endArgs(), b.iteration);
        const tile = Math.floor(length / 4);
        for (let k = 0; k < 4; k++) {
          if (tileArgs) {
            b.arg('node', `/features/${d}/Conv`);
            b.arg('first_row', 7 * k);
            b.arg('columns', 112);
          }
          const args = tileArgs ? b.endArgs() : 0;
          b.zone(track, at + k * tile, tile - 20, b.intern(`tile_${k}`), args);
        }
        made += 5;
      }
      at += length + 300;
    }
  }
  return b.finish('bench', 1_790_000_000_123_456_789n, []);
}
