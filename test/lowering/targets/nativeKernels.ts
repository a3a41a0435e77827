/** Compiles emitted C with a small driver and runs kernels in a process of their own, on raw files. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { compilerFlags } from '../../../src/artifact/cpuFeatures';
import { kernelHeaderText } from '../../../src/artifact/kernelAbi';
import type { CpuLevel } from '../../../src/compiler/targetDescription';
import { cpuLevels, describeTarget } from '../../../src/compiler/targetDescription';
import { hostArchitecture, hostCpu } from '../../../src/runner/hostCpu';

const run = promisify(execFile);

/** A call: buffers are overwritten with what the kernel leaves in them. */
export interface NativeCall {
  readonly symbol: string;
  readonly begin: number;
  readonly end: number;
  readonly scratchBytes: number;
  readonly buffers: readonly Uint8Array[];
}

// Reads lines `symbol begin end scratch count file…`; buffers lie at odd multiples of 16 bytes, and a guard follows each.
const driver = `${kernelHeaderText}
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
  FILE *plan = fopen(argv[1], "r");
  char symbol[256];
  long begin, end, scratch;
  int count;
  while (argc == 2 && fscanf(plan, "%255s %ld %ld %ld %d", symbol, &begin, &end, &scratch, &count) == 5) {
    char files[16][512];
    long sizes[16];
    void *buffers[16];
    for (int i = 0; i < count; ++i) {
      if (fscanf(plan, "%511s", files[i]) != 1) return 2;
      FILE *f = fopen(files[i], "rb");
      fseek(f, 0, SEEK_END);
      sizes[i] = ftell(f);
      rewind(f);
      char *base = aligned_alloc(64, (sizes[i] + 255) / 64 * 64);
      memset(base, 0x5a, (sizes[i] + 255) / 64 * 64);
      buffers[i] = base + 16;
      if (fread(buffers[i], 1, sizes[i], f) != (size_t)sizes[i]) return 3;
      fclose(f);
    }
    strata_kernel kernel = (strata_kernel)dlsym(RTLD_DEFAULT, symbol);
    if (kernel == NULL) return 4;
    strata_kernel_state state = {buffers, scratch > 0 ? aligned_alloc(64, (scratch + 63) / 64 * 64) : NULL, NULL, 0};
    const long middle = begin + (end - begin) / 3;
    kernel(&state, middle, end);
    kernel(&state, begin, middle);
    for (int i = 0; i < count; ++i) {
      for (int k = 0; k < 64; ++k) if (((unsigned char *)buffers[i])[sizes[i] + k] != 0x5a) return 5;
      FILE *f = fopen(files[i], "wb");
      fwrite(buffers[i], 1, sizes[i], f);
      fclose(f);
    }
  }
  return 0;
}
`;

/** Levels that this machine compiles and runs. */
export async function runnableLevels(): Promise<readonly CpuLevel[]> {
  const { features } = await hostCpu();
  const described = await Promise.all(cpuLevels.map((l) => describeTarget(l)));
  return described
    .filter((t) => t.architecture === hostArchitecture() && t.cpuFeatures.every((f) => features.includes(f)))
    .map((t) => t.level);
}

/** Runs the calls one after another; throws when the C does not compile or a call fails or writes outside of a buffer. */
export async function runNative(
  source: string,
  level: CpuLevel,
  calls: readonly NativeCall[],
): Promise<readonly (readonly Uint8Array[])[]> {
  const target = await describeTarget(level);
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-kernels-'));
  try {
    const at = (name: string): string => path.join(folder, name);
    writeFileSync(at('kernels.c'), source);
    writeFileSync(at('driver.c'), driver);
    const flags = [
      '-std=gnu11',
      '-O2',
      '-Wall',
      '-Wno-unused',
      '-Wno-psabi',
      '-fno-math-errno',
      '-fno-trapping-math',
      '-rdynamic',
      ...compilerFlags(target.architecture, target.cpuFeatures),
      ...target.flags,
    ];
    await run('cc', [...flags, '-o', at('run'), at('kernels.c'), at('driver.c'), '-ldl', '-lm']);
    const files = calls.map((c, i) =>
      c.buffers.map((b, k) => {
        writeFileSync(at(`b${i}_${k}`), b);
        return at(`b${i}_${k}`);
      }),
    );
    writeFileSync(
      at('plan'),
      calls
        .map(
          (c, i) =>
            `${c.symbol} ${c.begin} ${c.end} ${c.scratchBytes} ${c.buffers.length} ${files[i]!.join(' ')}\n`,
        )
        .join(''),
    );
    await run(at('run'), [at('plan')]);
    return files.map((list) => list.map((f) => new Uint8Array(readFileSync(f))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
