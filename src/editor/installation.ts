/** `Strata: Check Installation`: what is there, what is missing, and the one command that installs it. */
import * as vscode from 'vscode';
import { formatTable } from '../base/table';
import type { DoctorReport } from '../runner/doctor';
import { doctor } from '../runner/doctor';

export async function checkInstallation(log: vscode.LogOutputChannel): Promise<DoctorReport> {
  const report = await doctor();
  const table = formatTable(report.tools, [
    { title: 'tool', cell: (t) => t.title },
    { title: 'found', cell: (t) => t.version ?? 'missing' },
    { title: 'needed', cell: (t) => `≥ ${t.minimum}` },
    { title: 'for', cell: (t) => t.purpose },
    { title: 'path', cell: (t) => t.path ?? '' },
  ]);
  log.info(
    `Installation\n${table}\n${report.cpu.model}, ${report.cpu.threads} threads, ${report.cpu.features.join(' ') || 'baseline'}\ncache ${report.cacheFolder}`,
  );
  // Not awaited: it ends when the person closes it.
  void say(report, log);
  return report;
}

async function say(report: DoctorReport, log: vscode.LogOutputChannel): Promise<void> {
  const details = 'Show Details';
  if (report.fix === undefined) {
    const found = report.tools.map((t) => `${t.title} ${t.version ?? ''}`).join(', ');
    const chosen = await vscode.window.showInformationMessage(`Everything is there: ${found}.`, details);
    if (chosen === details) log.show(true);
    return;
  }
  const missing = report.tools.filter((t) => !t.ok).map((t) => t.title);
  const [copy, terminal] = ['Copy Command', 'Open in Terminal'];
  const chosen = await vscode.window.showWarningMessage(
    `Missing: ${missing.join(', ')}. To install: ${report.fix}`,
    copy,
    terminal,
    details,
  );
  if (chosen === copy) await vscode.env.clipboard.writeText(report.fix);
  if (chosen === details) log.show(true);
  if (chosen === terminal) {
    const shell = vscode.window.createTerminal('Strata');
    shell.show();
    // The person reads it and presses Enter.
    shell.sendText(report.fix, false);
  }
}
