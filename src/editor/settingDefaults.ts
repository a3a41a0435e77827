/** The settings of the extension with their types and defaults; a test compares them with `package.json`. */
import type { CpuLevel } from '../compiler/targetDescription';

export interface Settings {
  /** Threads of a profiled run; 0: all processors. */
  readonly threads: number;
  readonly cpuLevel: 'auto' | CpuLevel;
  readonly profileAfterCompile: boolean;
  readonly compareWithInterpreter: boolean;
  readonly countEvents: boolean;
  readonly hideUnchangedPasses: boolean;
}
export type SettingName = keyof Settings;

export const settingDefaults: Settings = {
  threads: 0,
  cpuLevel: 'auto',
  profileAfterCompile: true,
  compareWithInterpreter: true,
  countEvents: false,
  hideUnchangedPasses: true,
};
