/**
 * CPU features that kernels may require: how an artifact names them, which compiler flag turns them on, how Linux
 * lists them, and how the native runner asks the hardware. The C++ table is generated from this one.
 *
 * Left out are features that a process must ask the kernel for (AMX).
 * Sources: Intel SDM vol. 2 "CPUID"; Linux `arch/{arm64,arm,riscv}/include/uapi/asm/hwcap.h`.
 */

export type Architecture = 'x86_64' | 'aarch64' | 'arm' | 'riscv64';

/** A bit of CPUID; `xcr0` are the state components that the operating system must have enabled. */
interface CpuidProbe {
  readonly kind: 'cpuid';
  readonly leaf: number;
  readonly subleaf: number;
  readonly register: 'eax' | 'ebx' | 'ecx' | 'edx';
  readonly bit: number;
  readonly xcr0: number;
}

/** A bit of `getauxval(AT_HWCAP)` or `getauxval(AT_HWCAP2)`. */
interface HwcapProbe {
  readonly kind: 'hwcap' | 'hwcap2';
  readonly bit: number;
}

export interface CpuFeature {
  /** As written in artifacts and on the command line. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Passed to gcc and clang. For `-march=base+ext` architectures, the extension that is appended. */
  readonly flag: { readonly option: string } | { readonly marchExtension: string };
  /** The word in the `flags` or `Features` line of `/proc/cpuinfo`; undefined where it is read otherwise. */
  readonly cpuinfo: string;
  readonly probe: CpuidProbe | HwcapProbe;
}

const avxState = 0x6;
const avx512State = 0xe6;

const x86 = (
  name: string,
  cpuinfo: string,
  [leaf, subleaf, register, bit]: readonly [number, number, CpuidProbe['register'], number],
  xcr0 = 0,
): CpuFeature => ({
  name,
  architecture: 'x86_64',
  flag: { option: `-m${name}` },
  cpuinfo,
  probe: { kind: 'cpuid', leaf, subleaf, register, bit, xcr0 },
});

const march = (
  architecture: Architecture,
  name: string,
  cpuinfo: string,
  kind: HwcapProbe['kind'],
  bit: number,
): CpuFeature => ({ name, architecture, flag: { marchExtension: name }, cpuinfo, probe: { kind, bit } });

/** All known features, in the order in which they are listed to people. */
export const cpuFeatures: readonly CpuFeature[] = [
  x86('sse3', 'pni', [1, 0, 'ecx', 0]),
  x86('ssse3', 'ssse3', [1, 0, 'ecx', 9]),
  x86('sse4.1', 'sse4_1', [1, 0, 'ecx', 19]),
  x86('sse4.2', 'sse4_2', [1, 0, 'ecx', 20]),
  x86('popcnt', 'popcnt', [1, 0, 'ecx', 23]),
  x86('avx', 'avx', [1, 0, 'ecx', 28], avxState),
  x86('f16c', 'f16c', [1, 0, 'ecx', 29], avxState),
  x86('fma', 'fma', [1, 0, 'ecx', 12], avxState),
  x86('bmi', 'bmi1', [7, 0, 'ebx', 3]),
  x86('bmi2', 'bmi2', [7, 0, 'ebx', 8]),
  x86('avx2', 'avx2', [7, 0, 'ebx', 5], avxState),
  x86('avxvnni', 'avx_vnni', [7, 1, 'eax', 4], avxState),
  x86('avx512f', 'avx512f', [7, 0, 'ebx', 16], avx512State),
  x86('avx512dq', 'avx512dq', [7, 0, 'ebx', 17], avx512State),
  x86('avx512cd', 'avx512cd', [7, 0, 'ebx', 28], avx512State),
  x86('avx512bw', 'avx512bw', [7, 0, 'ebx', 30], avx512State),
  x86('avx512vl', 'avx512vl', [7, 0, 'ebx', 31], avx512State),
  x86('avx512vbmi', 'avx512vbmi', [7, 0, 'ecx', 1], avx512State),
  x86('avx512vnni', 'avx512_vnni', [7, 0, 'ecx', 11], avx512State),
  x86('avx512bf16', 'avx512_bf16', [7, 1, 'eax', 5], avx512State),
  x86('avx512fp16', 'avx512_fp16', [7, 0, 'edx', 23], avx512State),
  march('aarch64', 'simd', 'asimd', 'hwcap', 1),
  march('aarch64', 'lse', 'atomics', 'hwcap', 8),
  march('aarch64', 'fp16', 'asimdhp', 'hwcap', 10),
  march('aarch64', 'dotprod', 'asimddp', 'hwcap', 20),
  march('aarch64', 'sve', 'sve', 'hwcap', 22),
  march('aarch64', 'sve2', 'sve2', 'hwcap2', 1),
  march('aarch64', 'i8mm', 'i8mm', 'hwcap2', 13),
  march('aarch64', 'bf16', 'bf16', 'hwcap2', 14),
  {
    name: 'neon',
    architecture: 'arm',
    flag: { option: '-mfpu=neon' },
    cpuinfo: 'neon',
    probe: { kind: 'hwcap', bit: 12 },
  },
  {
    name: 'vfpv4',
    architecture: 'arm',
    flag: { option: '-mfpu=vfpv4' },
    cpuinfo: 'vfpv4',
    probe: { kind: 'hwcap', bit: 16 },
  },
  march('riscv64', 'v', 'v', 'hwcap', 21),
];

/** The architecture of `-march` that extensions are appended to. */
const marchBase: Readonly<Record<Architecture, string>> = {
  x86_64: 'x86-64',
  aarch64: 'armv8.2-a',
  arm: 'armv7-a',
  riscv64: 'rv64gc',
};

export function findCpuFeature(name: string, architecture: Architecture): CpuFeature | undefined {
  return cpuFeatures.find((feature) => feature.name === name && feature.architecture === architecture);
}

/**
 * The gcc and clang flags that allow exactly `features`, in the order given.
 * Unknown names are left out; callers check them with `findCpuFeature` first.
 */
export function compilerFlags(architecture: Architecture, features: readonly string[]): readonly string[] {
  const known = features.flatMap((name) => findCpuFeature(name, architecture) ?? []);
  const options = known.flatMap(({ flag }) => ('option' in flag ? [flag.option] : []));
  const extensions = known.flatMap(({ flag }) => ('marchExtension' in flag ? [flag.marchExtension] : []));
  if (extensions.length === 0) return options;
  const separator = architecture === 'riscv64' ? '' : '+';
  return [`-march=${[marchBase[architecture], ...extensions].join(separator)}`, ...options];
}
