/**
 * Remote calls between the extension host and a webview over any message channel. Both ends derive from one pair of
 * interfaces of async methods; every call gets a reply, errors included. Large data travels as typed arrays in arguments
 * and results, never in the HTML.
 */
import type { Diagnostic } from '../base/diagnostics';
import { StrataError } from '../base/diagnostics';

/** Methods that can be called from the other end. Arguments and results must survive structured cloning without `bigint`. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R>
    ? (...args: A) => Promise<R>
    : never;
};

export interface RemoteError {
  readonly message: string;
  /** Present when the other end failed with a coded error. */
  readonly diagnostic?: Diagnostic;
}

export type RpcMessage =
  | { readonly rpc: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly rpc: 'result'; readonly id: number; readonly value: unknown }
  | { readonly rpc: 'error'; readonly id: number; readonly error: RemoteError };

/** A channel that delivers messages in order: `vscode.Webview` on one side, the window on the other. */
export interface Channel {
  send(message: RpcMessage): void;
  /** Starts delivery; the result ends it. */
  listen(onMessage: (message: unknown) => void): () => void;
}

/** A call failed at the other end, or the channel closed before its reply. */
export class RemoteCallError extends Error {
  override readonly name = 'RemoteCallError';
  constructor(
    readonly method: string,
    readonly remote: RemoteError,
  ) {
    super(remote.message);
  }
}

export interface Connection<T> {
  /** Calls methods of the other end. */
  readonly remote: Remote<T>;
  /** Ends the connection; calls that wait for a reply fail. */
  dispose(): void;
}

const isMessage = (m: unknown): m is RpcMessage =>
  typeof m === 'object' && m !== null && 'rpc' in m && 'id' in m && typeof m.id === 'number';

const describe = (e: unknown): RemoteError =>
  e instanceof StrataError
    ? { message: e.message, diagnostic: e.diagnostic }
    : { message: e instanceof Error ? e.message : String(e) };

/**
 * Connects `local`, a plain object of async methods, to the other end of `channel`. Only the object's own functions can
 * be called from there.
 */
export function connect<Theirs extends object, Ours extends object = object>(
  channel: Channel,
  local: Ours,
): Connection<Theirs> {
  const waiting = new Map<
    number,
    {
      readonly method: string;
      readonly resolve: (value: unknown) => void;
      readonly reject: (error: Error) => void;
    }
  >();
  let nextId = 1;
  let closed = false;

  const answer = async (id: number, method: string, args: readonly unknown[]): Promise<void> => {
    let reply: RpcMessage;
    try {
      const own: unknown = Object.hasOwn(local, method)
        ? (local as Record<string, unknown>)[method]
        : undefined;
      if (typeof own !== 'function') throw new Error(`there is no method "${method}"`);
      reply = {
        rpc: 'result',
        id,
        value: await (own as (...a: unknown[]) => unknown).apply(local, [...args]),
      };
    } catch (e) {
      reply = { rpc: 'error', id, error: describe(e) };
    }
    if (!closed) channel.send(reply);
  };

  const stop = channel.listen((message) => {
    if (!isMessage(message)) return;
    if (message.rpc === 'call') {
      void answer(message.id, message.method, message.args);
      return;
    }
    const call = waiting.get(message.id);
    if (call === undefined) return;
    waiting.delete(message.id);
    if (message.rpc === 'result') call.resolve(message.value);
    else call.reject(new RemoteCallError(call.method, message.error));
  });

  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed) {
        reject(new RemoteCallError(method, { message: 'the connection is closed' }));
        return;
      }
      const id = nextId++;
      waiting.set(id, { method, resolve, reject });
      try {
        // Channels that pass through JSON turn an undefined argument into null; absent ones stay absent.
        const given = args.findLastIndex((a) => a !== undefined) + 1;
        channel.send({ rpc: 'call', id, method, args: args.slice(0, given) });
      } catch (e) {
        waiting.delete(id);
        reject(new RemoteCallError(method, describe(e)));
      }
    });

  const remote = new Proxy(Object.create(null) as Remote<Theirs>, {
    // `then` must stay absent, or awaiting the proxy would call it.
    get: (_, method) =>
      typeof method === 'string' && method !== 'then'
        ? (...args: readonly unknown[]) => call(method, args)
        : undefined,
  });

  return {
    remote,
    dispose() {
      if (closed) return;
      closed = true;
      stop();
      for (const { method, reject } of waiting.values()) {
        reject(new RemoteCallError(method, { message: 'the connection was closed before the reply' }));
      }
      waiting.clear();
    },
  };
}
