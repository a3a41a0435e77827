/**
 * The generated C after a run and after sampling: how long each kernel took above it, with the way to its zone in the timeline;
 * bars and times on the lines that take the time.
 */
import type * as vscode from 'vscode';
import { formatDuration, ns } from '../base/units';
import type { DispatchSamples } from '../compiler/kernelSamples';
import { loopSamples } from '../compiler/kernelSamples';
import { dispatchShare, dispatchTime } from '../compiler/dispatchTimes';
import { dispatchId } from '../profiler/dispatchId';
import type { DoneEntry } from './compilations';
import type { HotLine } from './heatBars';
import { HeatView, hintAt, lens } from './heatView';
import { sourceScheme } from './irDocuments';
import type { IrTarget } from './irNavigator';

/** Lines and loops with a smaller part of their kernel's samples carry no time. */
const leastPart = 0.01;

/** What is said on one line of the C. */
interface KernelLine {
  readonly line: number;
  /** Of the samples of all kernels, 0 to 1. */
  readonly share: number;
  readonly hint: string | undefined;
  readonly tooltip: string;
}

export class KernelHeat extends HeatView {
  readonly #lines = new WeakMap<object, readonly KernelLine[]>();

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const entry = this.#entryOf(document);
    if (entry?.measurement === undefined) return [];
    const { compilation, measurement } = entry;
    return compilation.dispatches.flatMap((d) => {
      const time = dispatchTime(measurement, d);
      const line = time === undefined ? -1 : kernelLine(document, d.symbol);
      if (time === undefined || line < 0) return [];
      const share = 100 * (dispatchShare(measurement, d) ?? 0);
      const title = `$(pulse) ${formatDuration(ns(time.medianNs))} · ${share.toFixed(1)} %`;
      const pass = compilation.passes.passes.length - 1;
      const target: IrTarget = { compilation: entry.id, pass, dispatch: dispatchId(d) };
      return [lens(line, title, 'strata.showInTimeline', target)];
    });
  }

  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    const entry = this.#entryOf(document);
    return (entry === undefined ? [] : this.#heat(entry)).flatMap(({ line, hint, tooltip }) =>
      hint === undefined || line < range.start.line || line > range.end.line
        ? []
        : [hintAt(document, line, hint, tooltip)],
    );
  }

  protected hotLines(document: vscode.TextDocument): readonly HotLine[] | undefined {
    if (document.uri.scheme !== sourceScheme) return undefined;
    const entry = this.#entryOf(document);
    return entry === undefined ? [] : this.#heat(entry);
  }

  #entryOf(document: vscode.TextDocument): DoneEntry | undefined {
    return document.uri.scheme === sourceScheme ? this.compilations.done(document.uri.query) : undefined;
  }

  #heat(entry: DoneEntry): readonly KernelLine[] {
    const { samples } = entry;
    if (samples === undefined) return [];
    let lines = this.#lines.get(samples);
    if (lines === undefined) this.#lines.set(samples, (lines = kernelLines(entry)));
    return lines;
  }
}

function kernelLine(document: vscode.TextDocument, symbol: string): number {
  const at = document.getText().indexOf(`void ${symbol}(`);
  return at < 0 ? -1 : document.positionAt(at).line;
}

/** Kernels that share their code share its lines: their samples are added up. */
function kernelLines({ samples, compilation, measurement }: DoneEntry): readonly KernelLine[] {
  if (samples === undefined) return [];
  const source = compilation.kernelSource.split('\n');
  const all = samples.dispatches.reduce((n, d) => n + d.samples, 0);
  const time = (d: DispatchSamples, n: number): number | undefined => {
    const median = dispatchTime(measurement, d)?.medianNs;
    return median === undefined ? undefined : (median * n) / d.samples;
  };
  const own = new Map<number, { samples: number; ofKernel: number; ns: number | undefined }>();
  const loops: typeof own = new Map();
  const add = (to: typeof own, line: number, n: number, d: DispatchSamples): void => {
    const known = to.get(line) ?? { samples: 0, ofKernel: 0, ns: 0 };
    const took = time(d, n);
    to.set(line, {
      samples: known.samples + n,
      ofKernel: known.ofKernel + d.samples,
      ns: took === undefined || known.ns === undefined ? undefined : known.ns + took,
    });
  };
  for (const d of samples.dispatches) {
    for (const l of d.lines) add(own, l.line, l.samples, d);
    for (const l of loopSamples(source, d.lines)) add(loops, l.line, l.samples, d);
  }
  const text = (of: { samples: number; ofKernel: number; ns: number | undefined }): string =>
    `${of.ns === undefined ? '' : `${formatDuration(ns(of.ns))} · `}${((100 * of.samples) / of.ofKernel).toFixed(1)} %`;
  return [...new Set([...own.keys(), ...loops.keys()])]
    .sort((a, b) => a - b)
    .map((line): KernelLine => {
      const [line_, loop] = [own.get(line), loops.get(line)];
      const said = loop ?? line_!;
      const tooltip = [
        ...(loop === undefined ? [] : [`The loop: ${loop.samples} samples, ${text(loop)} of its kernel`]),
        ...(line_ === undefined
          ? []
          : [`This line: ${line_.samples} samples of ${samples.event}, ${text(line_)} of its kernel`]),
      ].join('\n\n');
      return {
        line,
        share: (line_?.samples ?? 0) / Math.max(1, all),
        hint: said.samples >= leastPart * said.ofKernel ? text(said) : undefined,
        tooltip,
      };
    });
}
