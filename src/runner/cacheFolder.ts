/** Where built runners and other things that can be made again are kept, per user. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `STRATA_CACHE_DIR`, or the place that the platform has for caches. */
export function defaultCacheFolder(
  env: Readonly<NodeJS.ProcessEnv> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env['STRATA_CACHE_DIR']) return env['STRATA_CACHE_DIR'];
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'strata');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'strata');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'strata');
}
