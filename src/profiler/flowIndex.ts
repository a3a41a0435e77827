/** The flows of a zone: rows of `FlowColumns` by the zones at their ends. */
import type { FlowColumns } from './trace';

/** Rows by zone: those of zone `z` are `rows[offset[z] … offset[z + 1]]`. */
interface ByZone {
  readonly offset: Uint32Array;
  readonly rows: Uint32Array;
}

const none = new Uint32Array(0);

export class FlowIndex {
  private readonly out: ByZone | undefined;
  private readonly in: ByZone | undefined;

  /** Takes no memory where nothing flows. */
  constructor(flows: FlowColumns, zones: number) {
    if (flows.from.length === 0) return;
    this.out = byZone(flows.from, zones);
    this.in = byZone(flows.to, zones);
  }

  /** Flows that begin at the zone. */
  leaving(zone: number): Uint32Array {
    return rowsOf(this.out, zone);
  }
  /** Flows that end at the zone. */
  reaching(zone: number): Uint32Array {
    return rowsOf(this.in, zone);
  }
}

const rowsOf = (by: ByZone | undefined, zone: number): Uint32Array =>
  by === undefined ? none : by.rows.subarray(by.offset[zone], by.offset[zone + 1]);

function byZone(ends: Uint32Array, zones: number): ByZone {
  const offset = new Uint32Array(zones + 1);
  for (const zone of ends) offset[zone + 1]!++;
  for (let z = 0; z < zones; z++) offset[z + 1]! += offset[z]!;
  const next = offset.slice();
  const rows = new Uint32Array(ends.length);
  ends.forEach((zone, row) => (rows[next[zone]!++] = row));
  return { offset, rows };
}
