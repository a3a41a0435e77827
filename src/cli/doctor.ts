/** `strata doctor`: what is installed, what is missing, and the one command that fixes it. */
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { version } from '../base/version';
import { doctor } from '../runner/doctor';
import { formatRate } from '../base/units';
import type { Peak, PeakKind } from '../runner/measurePeak';
import { measurePeak, peakKinds } from '../runner/measurePeak';
import { runCommand } from './output';
import { resourceRoot } from './resourceRoot';

interface DoctorOptions {
  readonly peak?: boolean;
  readonly json?: boolean;
}

export function configureDoctor(command: Command): void {
  command
    .option('--peak', 'also measure what this machine reaches at most; profiles are compared with it')
    .option('--json', 'print one JSON document')
    .action((options: DoctorOptions) => runDoctor(options));
}

const runDoctor = (options: DoctorOptions): Promise<void> =>
  runCommand(options.json === true, async ({ cancellation: { signal }, progress }) => {
    const report = await doctor();
    if (options.peak === true) progress('Measuring what this machine reaches at most');
    const peak = options.peak === true ? await measurePeak({ resourceRoot, signal }) : undefined;
    const tools = formatTable(report.tools, [
      { title: '', cell: (t) => (t.ok ? '✓' : '✗') },
      { title: 'tool', cell: (t) => t.title },
      { title: 'found', cell: (t) => (t.version === undefined ? 'missing' : t.version) },
      { title: 'needed', cell: (t) => `≥ ${t.minimum}` },
      { title: 'for', cell: (t) => t.purpose },
      { title: 'path', cell: (t) => t.path ?? '' },
    ]);
    const lines = [
      `strata ${version}, Node ${process.versions.node}`,
      `${report.cpu.model}, ${report.cpu.threads} threads`,
      `instructions: ${report.cpu.features.join(' ') || 'baseline'}`,
      '',
      tools,
      '',
      ...(peak === undefined ? [] : [peakTable(peak), '']),
      report.fix === undefined ? 'Everything is there.' : `Install what is missing:\n  ${report.fix}`,
    ];
    return {
      json: {
        strata: version,
        node: process.versions.node,
        ...report,
        ...(peak === undefined ? {} : { peak: peak.figures }),
      },
      text: lines.join('\n'),
      exitCode: report.ok ? 0 : 1,
    };
  });

const peakTitles: Readonly<Record<PeakKind, string>> = {
  f32: 'multiply-add, f32',
  u8s8: 'dot product, u8 × s8 into i32',
  bf16: 'dot product, bf16 into f32',
  read: 'reading memory',
};

/** A row per kind, a column per number of threads. */
function peakTable({ figures }: Peak): string {
  const threads = [...new Set(figures.map((f) => f.threads))];
  const kinds = peakKinds.filter((k) => figures.some((f) => f.kind === k));
  const cell = (kind: PeakKind, n: number): string => {
    const found = figures.find((f) => f.kind === kind && f.threads === n);
    return found === undefined ? '' : formatRate(found.perSecond, kind === 'read' ? 'B/s' : 'OP/s');
  };
  return formatTable(kinds, [
    { title: 'at most', cell: (k) => peakTitles[k] },
    ...threads.map((n) => ({
      title: `${n} thread${n === 1 ? '' : 's'}`,
      cell: (k: PeakKind) => cell(k, n),
      align: 'right' as const,
    })),
  ]);
}
