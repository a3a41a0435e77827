/** MLIR's action profiles (`--profile-actions-to`): Chrome JSON, one event per line, whose `desc` is not escaped. */

export interface ActionEvent {
  readonly tag: string;
  readonly phase: 'B' | 'E';
  readonly pid: string;
  readonly tid: string;
  readonly micros: number;
  readonly description: string;
  /** Characters of the event, without what separates it from the next one. */
  readonly length: number;
}

const EVENT =
  /^\{"name": "([^"]{0,200})", "cat": "PERF", "ph": "([BE])", "pid": (\d{1,10}), "tid": (\d{1,20}), "ts": (\d{1,15})(?:, "args": \{"desc": "(.*)"\})?\}(?=,?\s*\]?\s*$)/;

/** The event that fills `line`, whatever its description holds. */
export function actionEvent(line: string): ActionEvent | undefined {
  const m = EVENT.exec(line);
  if (m === null) return undefined;
  return {
    tag: m[1]!,
    phase: m[2] === 'B' ? 'B' : 'E',
    pid: m[3]!,
    tid: m[4]!,
    micros: Number(m[5]),
    description: m[6] ?? '',
    length: m[0].length,
  };
}

/** The pass or pattern that an action runs, which says more than its tag; else the tag. */
export function actionName(tag: string, description: string): string {
  if (tag === 'pass-execution') return / running `(?:[^`]*::)?([^`]+)` on /.exec(description)?.[1] ?? tag;
  if (tag === 'apply-pattern') return /pattern: (.+?)`?$/.exec(description)?.[1] ?? tag;
  return tag;
}
