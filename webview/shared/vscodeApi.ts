/** The editor's side of a webview: its message channel and the state that survives a reload. */
import type { Channel } from '../../src/protocol/rpc';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface EditorApi {
  readonly channel: Channel;
  getState(): unknown;
  setState(state: unknown): void;
}

/** May be called once per document. */
export function connectToEditor(): EditorApi {
  const api = acquireVsCodeApi();
  return {
    channel: {
      send: (m) => api.postMessage(m),
      listen: (onMessage) => {
        const receive = (e: MessageEvent): void => onMessage(e.data);
        window.addEventListener('message', receive);
        return () => window.removeEventListener('message', receive);
      },
    },
    getState: () => api.getState(),
    setState: (s) => api.setState(s),
  };
}
