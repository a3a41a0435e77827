/** `strata lsp`: the language server on stdio, for any editor that speaks the Language Server Protocol. */
import type { Command } from 'commander';
import { createConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node.js';
import { serve } from '../lsp/server';

export function configureLsp(command: Command): void {
  command
    .option('--stdio', 'speak over standard input and output; the default, and the only way')
    .action(() => {
      serve(
        createConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout)),
      );
      return new Promise<void>((resolve) => {
        process.stdin.on('end', resolve);
      });
    });
}
