import type { Browser } from 'playwright-core';

export interface ServerChoices {
  /** User settings over the quiet ones of the host. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** False leaves workspace trust on, as in a VS Code that a person starts. */
  readonly trust?: boolean;
  /** Lets a window run extension tests; it also hides notifications. */
  readonly smokeTestDriver?: boolean;
  /** VSIX files to install before the start. */
  readonly extensions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Server {
  /** Host and port. */
  readonly authority: string;
  /** Everything the server writes lies here; `stop` removes it. */
  readonly directory: string;
  readonly userData: string;
  /** The exit code or signal, once the server has ended. */
  readonly ended: Promise<number | string | null>;
  readLog(): string;
  /** Ends the server with all it has started and removes its directory. */
  stop(): Promise<void>;
}

/** A VS Code server with fresh user data. Throws with its log when it does not come up. */
export function startServer(choices?: ServerChoices): Promise<Server>;

/** Headless Chromium, `$CHROMIUM` or the system's. */
export function launchBrowser(): Promise<Browser>;
