/** Finds the tools that native code is built with, and says which single command installs those that are missing. */
import { readFile } from 'node:fs/promises';
import type { ToolName } from './locateProgram';
import { locate, programsOf } from './locateProgram';
import { messages } from './messages';
import { runTool } from './runTool';

export type { ToolName };

export interface Tool {
  readonly path: string;
  /** Dotted numbers, `12.2.0`. */
  readonly version: string;
  /** First line of `--version`. */
  readonly description: string;
}

export type Toolchain = Readonly<Partial<Record<ToolName, Tool>>>;

interface ToolSpec {
  readonly purpose: string;
  readonly minimum: string;
  /** What people call it. */
  readonly title: string;
}

export const toolSpecs: Readonly<Record<ToolName, ToolSpec>> = {
  cc: {
    title: 'a C compiler',
    purpose: 'compiles generated kernels',
    minimum: '9.0',
  },
  cxx: {
    title: 'a C++ compiler',
    purpose: 'builds the native runner',
    minimum: '9.0',
  },
  cmake: { title: 'CMake', purpose: 'configures the native runner', minimum: '3.18' },
  ninja: {
    title: 'Ninja',
    purpose: 'builds the native runner',
    minimum: '1.8',
  },
};

export const toolNames = Object.keys(toolSpecs) as readonly ToolName[];

/** The first dotted number, as compilers and build tools print it: `gcc (Debian 12.2.0-14) 12.2.0` → `12.2.0`. */
export const parseVersion = (text: string): string => /\d+\.\d+(?:\.\d+)*/.exec(text)?.[0] ?? '0.0';

/** Whether `found` is at least `minimum`, number by number. */
export function isAtLeast(found: string, minimum: string): boolean {
  const [a, b] = [found, minimum].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(a!.length, b!.length); i++) {
    const difference = (a![i] ?? 0) - (b![i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function findTool(name: ToolName, env: Readonly<NodeJS.ProcessEnv>): Promise<Tool | undefined> {
  for (const program of programsOf(name, env)) {
    const tool = await findProgram(program, env);
    if (tool !== undefined) return tool;
  }
  return undefined;
}

/** A program on `PATH` (or at its absolute path) that says its version. */
export async function findProgram(
  program: string,
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<Tool | undefined> {
  const path = await locate(program, env);
  if (path === undefined) return undefined;
  const { ok, output } = await runTool(path, ['--version'], { timeoutMs: 10_000 });
  if (!ok) return undefined;
  const description = output.split('\n')[0]!;
  return { path, version: parseVersion(description), description };
}

/** Searches `PATH`, `CC` and `CXX`. Tools older than their minimum are reported too; `requireTools` refuses them. */
export async function findToolchain(
  env: Readonly<NodeJS.ProcessEnv> = process.env,
  names: readonly ToolName[] = toolNames,
): Promise<Toolchain> {
  const found = await Promise.all(names.map(async (name) => [name, await findTool(name, env)] as const));
  return Object.fromEntries(found.filter(([, tool]) => tool !== undefined));
}

export const isUsable = (name: ToolName, tool: Tool | undefined): boolean =>
  tool !== undefined && isAtLeast(tool.version, toolSpecs[name].minimum);

/** The paths of `names`. Throws STR0701, which carries the command that installs the missing ones. */
export async function requireTools<N extends ToolName>(
  toolchain: Toolchain,
  names: readonly N[],
): Promise<Readonly<Record<N, Tool>>> {
  const missing = names.filter((name) => !isUsable(name, toolchain[name]));
  if (missing.length > 0) {
    const titles = missing.map((name) => {
      const { title, minimum } = toolSpecs[name];
      return toolchain[name] === undefined ? title : `${title} from version ${minimum} on`;
    });
    throw messages.error('STR0701', {
      tools: titles.join(' and '),
      verb: titles.length === 1 ? 'was' : 'were',
      command: installCommand(missing, await readPlatform()),
    });
  }
  return toolchain as Readonly<Record<N, Tool>>;
}

export interface Platform {
  readonly platform: NodeJS.Platform;
  /** Contents of `/etc/os-release`; empty elsewhere. */
  readonly osRelease: string;
  readonly isRoot: boolean;
}

export async function readPlatform(): Promise<Platform> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return { platform: process.platform, osRelease, isRoot: process.getuid?.() === 0 };
}

interface PackageManager {
  readonly families: readonly string[];
  readonly command: string;
  readonly packages: Readonly<Record<ToolName | OptionalTool, readonly string[]>>;
}

/** What some commands need and compiling does not. */
export type OptionalTool = 'perf' | 'addr2line';

const debianPackages = {
  cc: ['gcc', 'libc6-dev'],
  cxx: ['g++'],
  cmake: ['cmake'],
  ninja: ['ninja-build'],
  perf: ['linux-perf'],
  addr2line: ['binutils'],
} as const;

const packageManagers: readonly PackageManager[] = [
  {
    families: ['ubuntu'],
    command: 'apt-get install -y',
    packages: { ...debianPackages, perf: ['linux-tools-generic'] },
  },
  { families: ['debian'], command: 'apt-get install -y', packages: debianPackages },
  {
    families: ['fedora', 'rhel', 'centos'],
    command: 'dnf install -y',
    packages: {
      cc: ['gcc'],
      cxx: ['gcc-c++'],
      cmake: ['cmake'],
      ninja: ['ninja-build'],
      perf: ['perf'],
      addr2line: ['binutils'],
    },
  },
  {
    families: ['arch'],
    command: 'pacman -S --needed',
    packages: {
      cc: ['gcc'],
      cxx: ['gcc'],
      cmake: ['cmake'],
      ninja: ['ninja'],
      perf: ['perf'],
      addr2line: ['binutils'],
    },
  },
  {
    families: ['suse', 'opensuse'],
    command: 'zypper install -y',
    packages: {
      cc: ['gcc'],
      cxx: ['gcc-c++'],
      cmake: ['cmake'],
      ninja: ['ninja'],
      perf: ['perf'],
      addr2line: ['binutils'],
    },
  },
  {
    families: ['alpine'],
    command: 'apk add',
    packages: {
      cc: ['gcc', 'musl-dev'],
      cxx: ['g++'],
      cmake: ['cmake'],
      ninja: ['samurai'],
      perf: ['perf'],
      addr2line: ['binutils'],
    },
  },
];

/** The one command that installs `missing` on this platform. */
export function installCommand(
  missing: readonly ToolName[],
  { platform, osRelease, isRoot }: Platform,
): string {
  if (platform === 'darwin') {
    const steps = [
      ...(missing.some((name) => name === 'cc' || name === 'cxx') ? ['xcode-select --install'] : []),
      ...(missing.some((name) => name === 'cmake' || name === 'ninja')
        ? [`brew install ${missing.filter((name) => name === 'cmake' || name === 'ninja').join(' ')}`]
        : []),
    ];
    return steps.join(' && ');
  }
  if (platform === 'win32') return 'wsl --install (the native runner needs Linux; use Strata inside WSL)';
  const manager = packageManagerOf(osRelease);
  if (manager === undefined)
    return `install ${missing.map((name) => toolSpecs[name].title).join(', ')} with the package manager of your system`;
  const packages = [...new Set(missing.flatMap((name) => manager.packages[name]))];
  return `${isRoot ? '' : 'sudo '}${manager.command} ${packages.join(' ')}`;
}

function packageManagerOf(osRelease: string): PackageManager | undefined {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap((match) =>
    match[1]!.split(/[\s-]+/),
  );
  return packageManagers.find(({ families }) => families.some((family) => ids.includes(family)));
}

/** The command that installs an optional tool on this platform. */
export function installCommandOf(tool: OptionalTool, { platform, osRelease, isRoot }: Platform): string {
  const manager = platform === 'linux' ? packageManagerOf(osRelease) : undefined;
  if (manager === undefined) return `install ${tool} with the package manager of your system`;
  return `${isRoot ? '' : 'sudo '}${manager.command} ${manager.packages[tool].join(' ')}`;
}
