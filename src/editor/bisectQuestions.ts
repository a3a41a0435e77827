/** What a person is asked before a bisection of lost speed, or of another compiler's steps. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { StrataError } from '../base/diagnostics';
import { stepKindOf } from '../bisect/command/pointsOf';
import { splitCommand } from '../bisect/command/runCommand';
import type { Side } from '../bisect/perf/side';
import { parseSide } from '../bisect/perf/side';
import { defaultPipeline } from '../lowering/pipeline';

type SideForm = 'usual' | 'level' | 'pass' | 'schedule' | 'artifact' | 'revision' | 'text';
interface SideChoice extends vscode.QuickPickItem {
  readonly form: SideForm;
  readonly text?: string;
}
const choices: readonly SideChoice[] = [
  { label: 'As Usual', description: 'compiled by this version, O3', form: 'usual', text: 'O3' },
  { label: 'O2', description: 'no layouts chosen, no packing', form: 'level', text: 'O2' },
  { label: 'O1', description: 'ops are not fused', form: 'level', text: 'O1' },
  { label: 'O0', description: 'only what is needed to run', form: 'level', text: 'O0' },
  { label: 'Without a Pass…', description: 'one of the pipeline is left out', form: 'pass' },
  { label: 'With Schedules…', description: 'a file of schedules by dispatch', form: 'schedule' },
  { label: 'Artifact…', description: 'a .strata file that was compiled before', form: 'artifact' },
  {
    label: 'Git Revision…',
    description: "another version of Strata's repository, built aside",
    form: 'revision',
  },
  {
    label: 'Options or Pipeline…',
    description: 'such as O3 --cpu avx2 --threads 2, or passes as text',
    form: 'text',
  },
];

/** Undefined when the person turned away. */
export async function askForSide(which: 'good' | 'bad'): Promise<Side | undefined> {
  const title = which === 'good' ? 'Good Side' : 'Bad Side';
  const picked = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder: which === 'good' ? 'Which program is fast enough?' : 'Which program is too slow?',
    matchOnDescription: true,
  });
  if (picked === undefined) return undefined;
  const text = picked.text ?? (await askForText(picked.form, title));
  return text === undefined ? undefined : parseSide(text);
}

async function askForText(form: SideForm, title: string): Promise<string | undefined> {
  switch (form) {
    case 'usual':
    case 'level':
      return undefined;
    case 'pass': {
      const names = defaultPipeline().flatMap(({ node }) =>
        node.kind === 'pass' ? [node.pass.pass.name] : [],
      );
      const name = await vscode.window.showQuickPick([...new Set(names)], { title: `${title}: Without` });
      return name === undefined ? undefined : `--without-pass ${name}`;
    }
    case 'schedule': {
      const file = await askFile(`${title}: Schedules`, {});
      return file === undefined ? undefined : `O3 --schedule ${quoted(file)}`;
    }
    case 'artifact': {
      const file = await askFile(`${title}: Artifact`, { Artifacts: ['strata'] });
      return file === undefined ? undefined : quoted(file);
    }
    case 'revision': {
      const name = await vscode.window.showInputBox({
        title: `${title}: Git Revision`,
        placeHolder: 'HEAD~3, a branch, a tag or a commit',
      });
      return name === undefined || name.trim() === '' ? undefined : `revision:${name.trim()}`;
    }
    case 'text':
      return vscode.window.showInputBox({
        title: `${title}: Options or Pipeline`,
        placeHolder: 'O3 --cpu avx2 --threads 2 --without pack-weights',
        validateInput: (text) => {
          try {
            parseSide(text);
            return undefined;
          } catch (error) {
            return error instanceof StrataError ? error.diagnostic.text : String(error);
          }
        },
      });
  }
}

async function askFile(
  title: string,
  filters: Readonly<Record<string, string[]>>,
): Promise<string | undefined> {
  const [file] = (await vscode.window.showOpenDialog({ title, filters: { ...filters } })) ?? [];
  return file?.fsPath;
}
const quoted = (file: string): string => `"${file.replace(/["\\]/g, '\\$&')}"`;

/** The folder of the workspace that is a clone of Strata's repository. */
export function cloneInWorkspace(): string | undefined {
  return vscode.workspace.workspaceFolders
    ?.map((f) => f.uri.fsPath)
    .find((folder) => {
      try {
        const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
          name?: unknown;
        };
        return manifest.name === 'strata';
      } catch {
        return false;
      }
    });
}

/** The command of another compiler, the judge of what it builds, and the steps of a template. */
export async function askForCommand(): Promise<
  { readonly command: string; readonly judge: string; readonly count?: number } | undefined
> {
  const command = await vscode.window.showInputBox({
    title: 'Command to Bisect',
    placeHolder: "mlir-opt in.mlir --pass-pipeline='builtin.module(canonicalize,cse)'",
    prompt:
      'mlir-opt and iree-opt by passes, iree-compile by phases, opt and clang by passes, else {n} and {out}',
    validateInput: (text) => {
      try {
        return text.trim() === '' || stepKindOf(splitCommand(text)) !== undefined
          ? undefined
          : 'Its steps are not known: say {n} where the number of steps goes, and {out} where the file';
      } catch (error) {
        return error instanceof StrataError ? error.diagnostic.text : String(error);
      }
    },
  });
  if (command === undefined || command.trim() === '') return undefined;
  let count: number | undefined;
  if (stepKindOf(splitCommand(command)) === 'template') {
    const text = await vscode.window.showInputBox({
      title: 'Steps',
      prompt: 'How many steps does {n} count?',
      validateInput: (t) => (/^[1-9]\d*$/.test(t) ? undefined : 'A whole number'),
    });
    if (text === undefined) return undefined;
    count = Number(text);
  }
  const judge = await vscode.window.showInputBox({
    title: 'Judge',
    placeHolder: './check.sh',
    prompt: 'Is given what was built: 0 is good, 125 skip, all else bad. Empty: the command itself is judged',
  });
  return judge === undefined
    ? undefined
    : { command, judge: judge.trim(), ...(count === undefined ? {} : { count }) };
}
