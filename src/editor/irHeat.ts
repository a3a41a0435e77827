/** After a run: a heat bar in the gutter of IR documents, a code lens on what takes the time, and the time of each other op at its end. */
import type * as vscode from 'vscode';
import { formatDuration, ns, threeDigits } from '../base/units';
import type { DispatchInfo } from '../compiler/compilation';
import { dispatchShare, dispatchTime } from '../compiler/dispatchTimes';
import type { LineHeat } from '../language/provenance';
import { dispatchId } from '../profiler/dispatchId';
import type { CommandId } from './commandIds';
import type { Compilations, DoneEntry } from './compilations';
import { provenanceOf } from './compilations';
import type { HotLine } from './heatBars';
import { HeatView, hintAt, lens } from './heatView';
import { irScheme } from './irDocuments';
import type { IrNavigator, IrTarget, ShownIr, ShownModel, ShownNode } from './irNavigator';

/** Lines with less than this get no lens. */
const lensShare = 0.01;
/** Functions that get a lens. */
const mostFunctions = 500;
const show: CommandId = 'strata.showInTimeline';

export class IrHeat extends HeatView {
  constructor(
    compilations: Compilations,
    readonly navigator: IrNavigator,
  ) {
    super(compilations);
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const model = this.navigator.modelIn(document);
    if (model !== undefined) return modelLenses(model);
    const shown = this.navigator.shownIn(document);
    if (shown === undefined) return [];
    return [...timeLenses(document, shown), ...changeLenses(document, shown)];
  }

  /** Times of the ops that take too little for a lens of their own. */
  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    const within = (line: number): boolean => line >= range.start.line && line <= range.end.line;
    const model = this.navigator.modelIn(document);
    if (model !== undefined)
      return model.nodes.flatMap((node) => {
        const { line, ns: time, within: by } = node;
        const share = nodeShare(model.entry, node);
        if (!within(line) || share >= lensShare) return [];
        if (time !== undefined) return [hintAt(document, line, timeAndShare(time, share), undefined)];
        const said = 'Computed by the same dispatch, whose time stands there';
        return by === undefined ? [] : [hintAt(document, line, `in ${by.name}`, said)];
      });
    const shown = this.navigator.shownIn(document);
    if (shown === undefined) return [];
    return heat(document, shown).flatMap(({ line, share, dispatch }) => {
      const time = dispatchTime(shown.entry.measurement, dispatch);
      if (share >= lensShare || time === undefined || !within(line)) return [];
      const said = `Median of ${time.calls} runs, and its part of the run`;
      return [hintAt(document, line, timeAndShare(time.medianNs, share), said)];
    });
  }

  protected hotLines(document: vscode.TextDocument): readonly HotLine[] | undefined {
    const model = this.navigator.modelIn(document);
    if (model !== undefined)
      return model.nodes.map((node) => ({ line: node.line, share: nodeShare(model.entry, node) }));
    if (document.uri.scheme !== irScheme) return undefined;
    const shown = this.navigator.shownIn(document);
    return shown === undefined ? [] : heat(document, shown);
  }
}

const timeAndShare = (time: number, share: number): string =>
  `${formatDuration(ns(time))} · ${(100 * share).toFixed(1)} %`;

function timeLenses(document: vscode.TextDocument, shown: ShownIr): vscode.CodeLens[] {
  return heat(document, shown).flatMap(({ line, share, dispatch }) => {
    const time = dispatchTime(shown.entry.measurement, dispatch);
    if (share < lensShare || time === undefined) return [];
    const { flops } = dispatch;
    const rate = flops > 0 && time.medianNs > 0 ? ` · ${threeDigits(flops / time.medianNs)} GFLOP/s` : '';
    const target: IrTarget = {
      compilation: shown.entry.id,
      pass: shown.pass.index,
      dispatch: dispatchId(dispatch),
    };
    return [lens(line, `$(pulse) ${timeAndShare(time.medianNs, share)}${rate}`, show, target)];
  });
}

/** Times above the ops of a model's own text. */
function modelLenses({ entry, nodes }: ShownModel): vscode.CodeLens[] {
  return nodes.flatMap((node) => {
    const { line, ns: time, dispatches } = node;
    const share = nodeShare(entry, node);
    const dispatch = dispatches.find((d) => dispatchTime(entry.measurement, d) !== undefined);
    if (time === undefined || dispatch === undefined || share < lensShare) return [];
    const target: IrTarget = { compilation: entry.id, pass: 0, dispatch: dispatchId(dispatch) };
    return [lens(line, `$(pulse) ${timeAndShare(time, share)}`, show, target)];
  });
}

/** `changed in 3 passes` above each function; leads to the last of them that this IR has seen. */
function changeLenses(document: vscode.TextDocument, { entry, pass, snapshot }: ShownIr): vscode.CodeLens[] {
  const { passes } = entry.compilation.passes;
  return snapshot.functions.slice(0, mostFunctions).flatMap(({ symbol, start }) => {
    const changed = passes.filter((p) => p.index > 0 && p.changedFunctions.includes(symbol));
    const last = changed.filter((p) => p.index <= pass.index).at(-1);
    if (last === undefined) return [];
    const title = `$(diff) changed in ${changed.length} ${changed.length === 1 ? 'pass' : 'passes'}`;
    const tooltip = `${changed.map((p) => p.pass).join(', ')}\n\nCompare with the IR before ${last.pass}`;
    const target: IrTarget = { compilation: entry.id, pass: last.index, symbol };
    return [lens(document.positionAt(start).line, title, 'strata.diffWithPrevious', target, tooltip)];
  });
}

function heat(
  document: vscode.TextDocument,
  { entry, snapshot }: ShownIr,
): readonly LineHeat<DispatchInfo>[] {
  const { measurement, compilation } = entry;
  if (measurement === undefined) return [];
  return provenanceOf(compilation, snapshot).heat(
    (d) => dispatchShare(measurement, d),
    (offset) => document.positionAt(offset).line,
  );
}

/** The part of the run that the dispatches of a node took. */
const nodeShare = ({ measurement }: DoneEntry, { dispatches }: ShownNode): number =>
  dispatches.reduce((sum, d) => sum + (dispatchShare(measurement, d) ?? 0), 0);
