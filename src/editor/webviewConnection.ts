/** What every view of ours needs of the webview that it lives in: a channel, and the addresses of its bundle. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Channel } from '../protocol/rpc';
import type { WebviewAddresses } from '../protocol/webviewHtml';

/** The channel between the extension and the page in `webview`. */
export const channelOf = (webview: vscode.Webview): Channel => ({
  send: (message) => void webview.postMessage(message),
  listen: (onMessage) => {
    const subscription = webview.onDidReceiveMessage(onMessage);
    return () => {
      subscription.dispose();
    };
  },
});

/** The only folder that views load from. */
export const viewFolder = (extensionUri: vscode.Uri): vscode.Uri =>
  vscode.Uri.joinPath(extensionUri, 'dist', 'webview');

/** Where the page of `view` finds its script and styles, with a fresh nonce. */
export function addressesOf(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  view: string,
): WebviewAddresses {
  const uri = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(viewFolder(extensionUri), name)).toString();
  return {
    nonce: randomBytes(24).toString('hex'),
    cspSource: webview.cspSource,
    scriptUri: uri(`${view}.js`),
    styleUri: uri(`${view}.css`),
    codiconUri: uri('codicon.css'),
  };
}
