/**
 * Artifacts and traces of a window's compilations: a folder each in the extension's storage, removed with the compilation.
 * Folders of windows that ended without cleaning up are swept when the next one starts.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { editorMessages } from './messages';

/** `w<pid>` holds what the window with this extension host made. */
const windowFolder = /^w(\d+)$/;

export class ArtifactStorage {
  readonly #window: string;

  constructor(readonly root: string) {
    this.#window = path.join(root, `w${process.pid}`);
  }

  /** The folder of a compilation, made if it is not there. Throws STR0907. */
  folder(id: string): string {
    const folder = path.join(this.#window, id);
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw editorMessages.error('STR0907', { folder, problem: (error as Error).message }, { cause: error });
    }
    return folder;
  }
  remove(id: string): void {
    rmSync(path.join(this.#window, id), { recursive: true, force: true });
  }
  /** Everything of this window. */
  removeAll(): void {
    rmSync(this.#window, { recursive: true, force: true });
  }
  /** What is there of this window, as paths below its folder. */
  files(): readonly string[] {
    return existsSync(this.#window) ? readdirSync(this.#window, { recursive: true }).map(String) : [];
  }
  /** Removes what windows that no longer live have left. */
  sweep(): void {
    for (const name of existsSync(this.root) ? readdirSync(this.root) : []) {
      const pid = windowFolder.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid)))
        rmSync(path.join(this.root, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
