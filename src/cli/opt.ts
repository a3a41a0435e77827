/** `strata opt`: IR in, named passes, IR out. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { formatDuration, ns } from '../base/units';
import type { PipelineRecord, PrintOptions } from '../ir';
import { ResourceStore, parseModule, parsePipeline, printOp, runPipeline } from '../ir';
import { registry } from '../ir/dialects/index';
import { passes } from '../lowering/passes/index';
import { cliMessages } from './messages';
import { integerOption } from './options';
import { runCommand } from './output';
import { reasonOf } from '../compiler/readText';
import { loadResources } from '../compiler/resourceFiles';

interface OptOptions {
  readonly passes?: string;
  readonly list?: boolean;
  readonly generic?: boolean;
  readonly locations?: boolean;
  readonly resources?: string;
  readonly stopAfterRewrite?: string;
  readonly timing?: boolean;
  readonly json?: boolean;
}

export function configureOpt(command: Command): void {
  command
    .argument('[file]', '.mlir file, or - for standard input')
    .option('--passes <pipeline>', "such as 'builtin.module(func.func(canonicalize,cse))'")
    .option('--list', 'list the passes')
    .option('--generic', 'print all ops in the generic form')
    .option('--locations', 'print locations')
    .option('--resources <file>', 'model or parameter file that dense_resource names refer to')
    .option('--stop-after-rewrite <n>', 'let only the first n rewrites happen')
    .option('--timing', 'print time, change and rewrites of each pass to stderr')
    .option('--json', 'print one JSON document')
    .action((file: string | undefined, options: OptOptions) =>
      runCommand(options.json === true, ({ cancellation }) => {
        if (options.list === true || file === undefined) return listPasses();
        const source = read(file);
        const { module, resources: inline } = parseModule(source, registry, {
          fileName: file === '-' ? '<stdin>' : file,
        });
        const resources =
          options.resources === undefined ? new ResourceStore() : loadResources(options.resources);
        for (const [key, bytes] of inline) resources.setBytes(key, bytes);
        const steps = parsePipeline(options.passes ?? '', passes).map((node) => ({ node, stage: 'opt' }));
        const stop = options.stopAfterRewrite;
        const record = runPipeline(module, steps, {
          registry,
          resources,
          cancellation,
          ...(stop === undefined
            ? {}
            : { control: { stopAfter: integerOption('--stop-after-rewrite', stop, 0) } }),
        });
        if (options.timing === true) process.stderr.write(`${timing(record)}\n`);
        const print: PrintOptions = {
          form: options.generic === true ? 'generic' : 'custom',
          locations: options.locations === true ? 'alias' : 'none',
        };
        const text = printOp(module, print);
        return { json: { text, passes: record.passes, rewrites: record.rewrites }, text: text.trimEnd() };
      }),
    );
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw cliMessages.error('STR0003', { path: file, problem: reasonOf(error) }, { cause: error });
  }
}

function listPasses(): { json: unknown; text: string } {
  const rows = passes.map((p) => ({
    name: p.name,
    anchor: p.anchor,
    summary: p.summary,
    options: Object.entries(p.options).map(([name, o]) => ({ name, doc: o.doc, fallback: o.fallback })),
    rules: p.rules.map((r) => ({ name: r.name, doc: r.doc })),
  }));
  return {
    json: { passes: rows },
    text: formatTable(rows, [
      { title: 'pass', cell: (r) => r.name },
      { title: 'runs on', cell: (r) => r.anchor },
      { title: 'summary', cell: (r) => r.summary },
    ]),
  };
}

function timing(record: PipelineRecord): string {
  return formatTable(record.passes.slice(1), [
    { title: 'pass', cell: (p) => p.pass },
    { title: 'time', cell: (p) => formatDuration(ns(p.durationNs)), align: 'right' },
    { title: 'ops', cell: (p) => String(p.opCountAfter), align: 'right' },
    { title: '±', cell: (p) => signed(p.opCountAfter - p.opCountBefore), align: 'right' },
    { title: 'rewrites', cell: (p) => String(p.rewrites[1] - p.rewrites[0]), align: 'right' },
    { title: '', cell: (p) => (p.changed ? '' : '(unchanged)') },
  ]);
}
const signed = (n: number): string => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : '0');
