/** Open documents with what has been read of them: the structure at once, known ops in slices between requests. */
import type { Connection, TextDocuments } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { IrSource } from '../language/irSource';
import { KnownIr } from '../language/knownIr';

/** Edits rest this long before known ops are parsed again. */
const restMs = 150;
/** Requests wait this long at most for a slice of parsing. */
const sliceMs = 15;

export interface OpenIr {
  readonly document: TextDocument;
  readonly source: IrSource;
  readonly known: KnownIr;
}

interface State extends OpenIr {
  readonly version: number;
  timer: NodeJS.Timeout | undefined;
  /** Resolves when all known ops are parsed, or the version is gone. */
  readonly finished: Promise<void>;
  readonly finish: () => void;
}

export class IrDocuments {
  readonly #states = new Map<string, State>();

  /** `onKnown` is called when the known ops of a version are all parsed. */
  constructor(
    readonly documents: TextDocuments<TextDocument>,
    readonly connection: Connection,
    readonly onKnown: (open: OpenIr) => void,
  ) {
    documents.onDidChangeContent(({ document }) => {
      this.#read(document);
    });
    documents.onDidClose(({ document }) => {
      this.#drop(document.uri);
    });
  }

  get(uri: string): OpenIr | undefined {
    const document = this.documents.get(uri);
    return document === undefined ? undefined : this.#read(document);
  }
  /** As `get`, once the known ops are parsed or `timeoutMs` has passed. */
  async settled(uri: string, timeoutMs: number): Promise<OpenIr | undefined> {
    const open = this.get(uri);
    const state = this.#states.get(uri);
    if (state !== undefined && !state.known.done) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([state.finished, timeout]);
      clearTimeout(timer);
    }
    return open;
  }

  #read(document: TextDocument): State {
    const old = this.#states.get(document.uri);
    if (old?.version === document.version) return old;
    const source = new IrSource(document.getText(), old?.source);
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const known = new KnownIr(source, old?.known);
    const state: State = {
      document,
      version: document.version,
      source,
      known,
      timer: undefined,
      finished,
      finish,
    };
    clearTimeout(old?.timer);
    old?.finish();
    this.#states.set(document.uri, state);
    this.#parse(state, old === undefined ? 0 : restMs);
    return state;
  }

  #parse(state: State, delay: number): void {
    const slices = state.known.run();
    const step = (): void => {
      const end = performance.now() + sliceMs;
      try {
        do
          if (slices.next().done === true) {
            state.finish();
            this.onKnown(state);
            return;
          }
        while (performance.now() < end);
      } catch (error) {
        state.finish();
        this.connection.console.error(
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        );
        return;
      }
      state.timer = setTimeout(step, 0);
    };
    state.timer = setTimeout(step, delay);
  }

  #drop(uri: string): void {
    const state = this.#states.get(uri);
    clearTimeout(state?.timer);
    state?.finish();
    this.#states.delete(uri);
  }
}
