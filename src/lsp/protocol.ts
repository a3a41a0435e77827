/** What the server and a client of ours say beyond the protocol. Other clients never see it. */

/** Initialization options of a client that answers `opFacts`. */
export interface ServerOptions {
  readonly opFacts?: boolean;
}

/** Server to client: what the client knows of an op of a document, such as where it comes from and what it took. */
export const opFacts = 'strata/opFacts';
export interface OpFactsParams {
  readonly uri: string;
  /** UTF-16 offset at which the op begins. */
  readonly offset: number;
}
/** Markdown; empty where nothing is known. */
export type OpFacts = string;
