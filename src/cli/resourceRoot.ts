/** The folder that holds `native-runner`, seen from the bundled command line (dist/cli.mjs). */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const resourceRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
