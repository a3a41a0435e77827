/** Bars in the gutter and the overview ruler for lines that take time: one hue, wider and stronger for more. */
import * as vscode from 'vscode';

/** Shares from which on a bar has the next level; one hue, only its strength differs. */
const levels = [0.002, 0.01, 0.03, 0.06, 0.12] as const;

/** Orange that stays apart from what VS Code paints there: blue of changes, red of errors. */
const hue = { light: '#b45309', dark: '#f59e0b' } as const;

function bar(theme: 'light' | 'dark', level: number): vscode.Uri {
  const width = 2 + level;
  const opacity = 0.35 + (0.65 * level) / (levels.length - 1);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><rect x="${12 - width}" y="0" width="${width}" height="16" fill="${hue[theme]}" fill-opacity="${opacity}"/></svg>`;
  return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`);
}

/** A line and its share of the time, 0 to 1. */
export interface HotLine {
  readonly line: number;
  readonly share: number;
}

export class HeatBars implements vscode.Disposable {
  readonly #types = levels.map((_, level) =>
    vscode.window.createTextEditorDecorationType({
      overviewRulerLane: vscode.OverviewRulerLane.Left,
      light: {
        gutterIconPath: bar('light', level),
        gutterIconSize: 'contain',
        overviewRulerColor: `${hue.light}${alpha(level)}`,
      },
      dark: {
        gutterIconPath: bar('dark', level),
        gutterIconSize: 'contain',
        overviewRulerColor: `${hue.dark}${alpha(level)}`,
      },
    }),
  );

  dispose(): void {
    for (const type of this.#types) type.dispose();
  }

  /** In place of what was painted in the editor before. */
  paint(editor: vscode.TextEditor, hot: readonly HotLine[]): void {
    for (const [level, type] of this.#types.entries()) {
      const next = levels[level + 1] ?? Infinity;
      const lines = hot.filter((h) => h.share >= levels[level]! && h.share < next);
      editor.setDecorations(
        type,
        lines.map((h) => ({ range: editor.document.lineAt(h.line).range })),
      );
    }
  }
}

const alpha = (level: number): string =>
  Math.round(255 * (0.4 + (0.6 * level) / (levels.length - 1)))
    .toString(16)
    .padStart(2, '0');
