/** `strata doctor`: what is installed, what is missing, and the one command that fixes it. */
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { version } from '../base/version';
import { doctor } from '../runner/doctor';
import { runCommand } from './output';

export function configureDoctor(command: Command): void {
  command.option('--json', 'print one JSON document').action((options: { readonly json?: boolean }) =>
    runCommand(options.json === true, async () => {
      const report = await doctor();
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
        report.fix === undefined ? 'Everything is there.' : `Install what is missing:\n  ${report.fix}`,
      ];
      return {
        json: { strata: version, node: process.versions.node, ...report },
        text: lines.join('\n'),
        exitCode: report.ok ? 0 : 1,
      };
    }),
  );
}
