/** `docs/conformance.md`: pass counts per operator and all expected failures with their reasons, from one run. */
import type { CaseResult, ConformanceTarget } from './conformance';

/** `N passed, N failed, N skipped`; expected failures count as skipped, unexpected passes as failed. */
export function summaryOf(results: readonly CaseResult[]): string {
  const count = (...states: readonly CaseResult['state'][]): number =>
    results.filter((r) => states.includes(r.state)).length;
  return `${count('passed')} passed, ${count('failed', 'unexpected')} failed, ${count('expected')} skipped`;
}

export function conformanceReport(results: readonly CaseResult[], target: ConformanceTarget): string {
  const operators = new Map<string, { passed: number; total: number }>();
  for (const r of results) {
    const row = operators.get(r.operator) ?? { passed: 0, total: 0 };
    operators.set(r.operator, {
      passed: row.passed + (r.state === 'passed' || r.state === 'unexpected' ? 1 : 0),
      total: row.total + 1,
    });
  }
  const passed = [...operators.values()].reduce((n, o) => n + o.passed, 0);
  const rows = [...operators]
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map(([name, o]) => `| ${name} | ${o.passed} | ${o.total} |`);
  const failing = results.filter((r) => r.state !== 'passed' && r.state !== 'unexpected');
  return [
    '# Conformance',
    '',
    '<!-- Written by `strata conformance DIR --write docs/conformance.md`. -->',
    '',
    `The node cases of the ONNX backend suite through the ${target === 'cpu' ? 'generated CPU code' : 'interpreter'}: **${passed} of ${results.length}** pass (${((100 * passed) / Math.max(1, results.length)).toFixed(1)} %).`,
    '`test/conformance/writeCases.py` writes the cases with the `onnx` Python package.',
    '',
    '## By operator',
    '',
    '| operator | passed | cases |',
    '| --- | ---: | ---: |',
    ...rows,
    '',
    '## Cases that do not pass',
    '',
    ...(failing.length === 0
      ? ['None.']
      : [
          '| case | reason |',
          '| --- | --- |',
          ...failing.map((r) => `| ${r.name} | ${(r.reason ?? '').replace(/\|/g, '\\|')} |`),
        ]),
    '',
  ].join('\n');
}
