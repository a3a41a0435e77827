/** Where programs that native code is built with are looked for, and which files would be taken. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

export type ToolName = 'cc' | 'cxx' | 'cmake' | 'ninja';

interface Programs {
  /** Environment variable that overrides the search. */
  readonly variable?: string;
  readonly programs: readonly string[];
}
const toolPrograms: Readonly<Record<ToolName, Programs>> = {
  cc: { variable: 'CC', programs: ['cc', 'gcc', 'clang'] },
  cxx: { variable: 'CXX', programs: ['c++', 'g++', 'clang++'] },
  cmake: { programs: ['cmake'] },
  ninja: { programs: ['ninja', 'ninja-build'] },
};

/** Programs that may be a tool, the first choice first. */
export function programsOf(name: ToolName, env: Readonly<NodeJS.ProcessEnv>): readonly string[] {
  const { variable, programs } = toolPrograms[name];
  const chosen = variable === undefined ? undefined : env[variable];
  return chosen ? [chosen, ...programs] : programs;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The file of a program on `PATH`, or at its absolute path. */
export async function locate(program: string, env: Readonly<NodeJS.ProcessEnv>): Promise<string | undefined> {
  if (isAbsolute(program)) return (await isExecutable(program)) ? program : undefined;
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (folder !== '' && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** What tells one choice of a tool from another without starting it: files with size and time, and the search for headers. */
export async function locateCandidates(
  name: ToolName,
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): Promise<readonly string[]> {
  const found = await Promise.all(
    programsOf(name, env).map(async (program) => {
      const path = await locate(program, env);
      if (path === undefined) return [program, ''];
      const file = await realpath(path);
      const { size, mtimeMs } = await stat(file);
      return [file, String(size), String(mtimeMs)];
    }),
  );
  return [...found.flat(), env['CPATH'] ?? '', env['C_INCLUDE_PATH'] ?? ''];
}
