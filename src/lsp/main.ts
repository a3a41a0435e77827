// The entry of the language server's process: the extension forks it; other editors start `strata lsp`.
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node.js';
import { serve } from './server';

serve(createConnection(ProposedFeatures.all));
