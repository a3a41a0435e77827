/** The editor's theme as the canvases need it: read from the `--vscode-*` variables, and again whenever they change. */
import { HUES, NEUTRAL, parseColour, luminance, textOn } from './palette';
import type { ThemeKind } from './palette';

export interface Theme {
  readonly kind: ThemeKind;
  readonly background: string;
  readonly foreground: string;
  /** Labels of axes and tracks. */
  readonly dimmed: string;
  readonly grid: string;
  readonly focus: string;
  /** Outline of the selected zone. */
  readonly selection: string;
  /** Border of every zone in high contrast, else undefined. */
  readonly outline: string | undefined;
  readonly range: string;
  readonly counter: string;
  readonly hues: readonly string[];
  readonly textOnHues: readonly string[];
  readonly neutral: string;
  readonly textOnNeutral: string;
  readonly font: string;
  readonly fontSize: number;
}

function kindOf(body: HTMLElement, background: string): ThemeKind {
  const kind = body.dataset['vscodeThemeKind'] ?? '';
  const named = (name: string): boolean => kind === name || body.classList.contains(name);
  if (named('vscode-high-contrast-light')) return 'hcLight';
  if (named('vscode-high-contrast')) return 'hcDark';
  if (named('vscode-light')) return 'light';
  if (named('vscode-dark')) return 'dark';
  return luminance(parseColour(background) ?? [0, 0, 0]) > 0.4 ? 'light' : 'dark';
}

/** Reads the theme; `view` tells whether the panel's or the editor's background lies behind the canvases. */
export function readTheme(view: string): Theme {
  const style = getComputedStyle(document.documentElement);
  const read = (...names: readonly string[]): string | undefined =>
    names.map((n) => style.getPropertyValue(`--vscode-${n}`).trim()).find((v) => v !== '');
  const background =
    (view === 'panel' ? read('panel-background') : undefined) ?? read('editor-background') ?? '#1e1e1e';
  const kind = kindOf(document.body, background);
  const light = kind === 'light' || kind === 'hcLight';
  const foreground = read('foreground', 'editor-foreground') ?? (light ? '#3b3b3b' : '#cccccc');
  const contrastBorder = read('contrastBorder');
  const hues = HUES[kind];
  return {
    kind,
    background,
    foreground,
    dimmed: read('descriptionForeground') ?? foreground,
    grid: foreground,
    focus: read('focusBorder') ?? (light ? '#005fb8' : '#0078d4'),
    selection:
      contrastBorder === undefined ? foreground : (read('contrastActiveBorder', 'focusBorder') ?? foreground),
    outline: kind === 'hcDark' || kind === 'hcLight' ? contrastBorder : undefined,
    range: read('editor-selectionBackground') ?? (light ? '#add6ff' : '#264f78'),
    counter: read('charts-blue', 'focusBorder') ?? '#3794ff',
    hues,
    textOnHues: hues.map(textOn),
    neutral: NEUTRAL[kind],
    textOnNeutral: textOn(NEUTRAL[kind]),
    font: read('font-family') ?? 'sans-serif',
    fontSize: Math.min(13, Math.max(10, parseFloat(read('font-size') ?? '13') - 2)),
  };
}

/** Calls back after every change of theme, once per frame at most. */
export function onThemeChange(changed: () => void): void {
  let due = false;
  const observer = new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      changed();
    });
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-kind'] });
}
