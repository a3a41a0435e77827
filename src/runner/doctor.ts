/** What is installed, what is missing, and the one command that fixes it: the data behind `strata doctor`. */
import { defaultCacheFolder } from './cacheFolder';
import { hostCpu, type HostCpu } from './hostCpu';
import {
  findToolchain,
  installCommand,
  isUsable,
  readPlatform,
  toolNames,
  toolSpecs,
  type Platform,
  type ToolName,
} from './toolchain';

export interface DoctorTool {
  readonly name: ToolName;
  readonly title: string;
  readonly purpose: string;
  /** Oldest version that works. */
  readonly minimum: string;
  readonly path?: string;
  readonly version?: string;
  readonly ok: boolean;
}

export interface DoctorReport {
  /** Everything that compiling and running a model needs is there. */
  readonly ok: boolean;
  readonly tools: readonly DoctorTool[];
  readonly cpu: HostCpu;
  readonly cacheFolder: string;
  /** The command that installs what is missing; left out when nothing is. */
  readonly fix?: string;
}

export async function doctor(
  env: Readonly<NodeJS.ProcessEnv> = process.env,
  platform?: Platform,
): Promise<DoctorReport> {
  const toolchain = await findToolchain(env);
  const tools = toolNames.map((name): DoctorTool => {
    const { title, purpose, minimum } = toolSpecs[name];
    const tool = toolchain[name];
    const found = tool === undefined ? {} : { path: tool.path, version: tool.version };
    return { name, title, purpose, minimum, ...found, ok: isUsable(name, tool) };
  });
  const missing = tools.filter((tool) => !tool.ok).map((tool) => tool.name);
  return {
    ok: missing.length === 0,
    tools,
    cpu: await hostCpu(),
    cacheFolder: defaultCacheFolder(env),
    ...(missing.length === 0 ? {} : { fix: installCommand(missing, platform ?? (await readPlatform())) }),
  };
}
