/** The section of `docs/conformance.md` on operators: pass counts per operator and all expected failures with their reasons, from one run. */
import type { CaseResult, ConformanceTarget } from './conformance';

/** `N passed, N failed, N skipped`; expected failures count as skipped, unexpected passes as failed. */
export function summaryOf(results: readonly CaseResult[]): string {
  const count = (...states: readonly CaseResult['state'][]): number =>
    results.filter((r) => states.includes(r.state)).length;
  return `${count('passed')} passed, ${count('failed', 'unexpected')} failed, ${count('expected')} skipped`;
}

const targetNames: Readonly<Record<ConformanceTarget, string>> = {
  interpreter: 'interpreter',
  cpu: 'generated CPU code',
};
const hasPassed = (r: CaseResult): boolean => r.state === 'passed' || r.state === 'unexpected';

/** The section for the results of each target that was run. */
export function conformanceReport(runs: ReadonlyMap<ConformanceTarget, readonly CaseResult[]>): string {
  const targets = [...runs.keys()];
  const names = targets.map((t) => targetNames[t]);
  const operators = new Map<string, { total: number; readonly passed: Map<ConformanceTarget, number> }>();
  for (const [target, results] of runs)
    for (const r of results) {
      const row = operators.get(r.operator) ?? { total: 0, passed: new Map<ConformanceTarget, number>() };
      if (target === targets[0]) row.total++;
      if (hasPassed(r)) row.passed.set(target, (row.passed.get(target) ?? 0) + 1);
      operators.set(r.operator, row);
    }
  const rows = [...operators]
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map(([name, o]) => `| ${name} | ${targets.map((t) => o.passed.get(t) ?? 0).join(' | ')} | ${o.total} |`);
  const failing = [...runs].flatMap(([target, results]) =>
    results
      .filter((r) => !hasPassed(r))
      .map((r) => `| ${r.name} | ${targetNames[target]} | ${(r.reason ?? '').replace(/\|/g, '\\|')} |`),
  );
  return [
    '## ONNX operators',
    '',
    'The node cases of the ONNX backend suite.',
    '`test/conformance/writeCases.py` writes the cases with the `onnx` Python package.',
    '',
    '| through | passed | cases | share |',
    '| --- | ---: | ---: | ---: |',
    ...[...runs].map(([target, results]) => {
      const passed = results.filter(hasPassed).length;
      const share = ((100 * passed) / Math.max(1, results.length)).toFixed(1);
      return `| ${targetNames[target]} | ${passed} | ${results.length} | ${share} % |`;
    }),
    '',
    'Through generated code a model runs as functions of known sizes, one after another: values that shapes depend on',
    '(axes, sizes, counts) are computed first, by generated code or as they are given, and are constants of the function behind',
    'them. `If`, `Loop` and `Scan`, sequences and optionals are followed by the host program; so are operators on strings, which',
    'have no generated code.',
    '',
    '### By operator',
    '',
    `| operator | ${names.join(' | ')} | cases |`,
    `| --- |${' ---: |'.repeat(names.length + 1)}`,
    ...rows,
    '',
    '### Cases that do not pass',
    '',
    ...(failing.length === 0
      ? ['None.']
      : ['| case | through | reason |', '| --- | --- | --- |', ...failing]),
    '',
  ].join('\n');
}
