/** The documents of webviews: a pure function of addresses and nonce. Nothing in them but the policy and the bundle. */

export interface WebviewAddresses {
  /** Random per document, at least 128 bits, of letters and digits. */
  readonly nonce: string;
  /** `webview.cspSource`. */
  readonly cspSource: string;
  /** `dist/webview/<view>.js` and `.css` through `webview.asWebviewUri`. */
  readonly scriptUri: string;
  readonly styleUri: string;
  /** `dist/webview/codicon.css` through `webview.asWebviewUri`. */
  readonly codiconUri: string;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * Scripts by nonce, styles and fonts from the extension, and nothing else: no network, no eval, no inline style attributes.
 * The component library asks for `:focus-visible` through an empty style element; it finds the nonce in `csp-nonce`.
 */
export const contentSecurityPolicy = (
  a: Pick<WebviewAddresses, 'nonce' | 'cspSource'>,
  workers = false,
): string =>
  [
    `default-src 'none'`,
    `script-src 'nonce-${a.nonce}'`,
    `style-src ${a.cspSource} 'nonce-${a.nonce}'`,
    `font-src ${a.cspSource}`,
    `img-src ${a.cspSource}`,
    // Workers begin from text of the bundle.
    ...(workers ? ['worker-src blob:'] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');

/** The document of the profiler panel and of the full profiler editor. */
export const profilerHtml = (a: WebviewAddresses, view: 'panel' | 'editor' = 'panel'): string =>
  viewHtml(a, view, 'Strata Profiler');

/** The document of a graph, whose layout runs in a worker. */
export const graphHtml = (a: WebviewAddresses): string => viewHtml(a, 'editor', 'Strata Graph', true);

/** The document of a view. `view` becomes `data-view` of the body. */
export function viewHtml(
  a: WebviewAddresses,
  view: 'panel' | 'editor',
  title: string,
  workers = false,
): string {
  if (!/^[A-Za-z0-9+/_-]{16,}$/.test(a.nonce))
    throw new RangeError('a nonce has at least 16 letters or digits');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(contentSecurityPolicy(a, workers))}">
<meta property="csp-nonce" content="${a.nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="${escape(a.codiconUri)}">
<link rel="stylesheet" href="${escape(a.styleUri)}">
</head>
<body data-view="${view}">
<div id="root"></div>
<script nonce="${a.nonce}" src="${escape(a.scriptUri)}"></script>
</body>
</html>
`;
}
