/** Kernels for machines that this one is not, under emulation: what they compute, and who refuses to run them. */
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Architecture } from '../../../src/artifact/cpuFeatures';
import { ArtifactSession } from '../../../src/compiler/artifactSession';
import { compileModel } from '../../../src/compiler/compileModel';
import type { CpuLevel } from '../../../src/compiler/targetDescription';
import { assertFallbacks } from '../../../src/compiler/targetDescription';
import { crossLibraries, crossProgram } from '../../../src/runner/crossToolchain';
import { hostArchitecture } from '../../../src/runner/hostCpu';
import { assertWithin, compileFamily, expectedOf, modelOf, randomFeeds } from './family';
import { families } from './list';

interface Machine {
  readonly architecture: Architecture;
  readonly emulator: string;
  readonly cpu: string;
}
const cortexA72: Machine = { architecture: 'aarch64', emulator: 'qemu-aarch64', cpu: 'cortex-a72' };
const cortexA76: Machine = { ...cortexA72, cpu: 'cortex-a76' };
const haswell: Machine = { architecture: 'x86_64', emulator: 'qemu-x86_64', cpu: 'Haswell' };
const nehalem: Machine = { ...haswell, cpu: 'Nehalem' };

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
/** Why the machine cannot be emulated here; undefined where it can. */
function lacking({ architecture, emulator }: Machine): string | undefined {
  const own = architecture === hostArchitecture();
  const programs = [
    emulator,
    ...(own ? [] : [crossProgram(architecture, 'cc'), crossProgram(architecture, 'cxx')]),
  ];
  const missing = programs.filter((p) => !isInstalled(p));
  return missing.length === 0 ? undefined : `${missing.join(', ')} is not installed`;
}
async function openOn(t: TestContext, artifact: string, machine: Machine): Promise<ArtifactSession> {
  const { architecture, emulator, cpu } = machine;
  const libraries = architecture === hostArchitecture() ? [] : ['-L', crossLibraries(architecture)];
  const launcher = [emulator, ...libraries, '-cpu', cpu];
  const session = await ArtifactSession.open(artifact, {
    resourceRoot: process.cwd(),
    emulator: { architecture, launcher },
  });
  t.after(() => session.close());
  return session;
}

const runs: readonly (readonly [CpuLevel, Machine])[] = [
  ['neon', cortexA72],
  ['dotprod', cortexA76],
];
for (const [level, machine] of runs) {
  describe(`kernels for ${level} on an emulated ${machine.cpu}`, { skip: lacking(machine) }, () => {
    for (const family of families.filter((f) => (f.levels ?? ['neon']).includes(level))) {
      it(`of ${family.name} compute what the interpreter does, within ${family.budget.ulps} units`, async (t) => {
        const model = modelOf(family);
        const session = await openOn(t, await compileFamily(model, level), machine);
        const inputs = randomFeeds(session.loaded.entryPoints[0]!.inputs);
        const { outputs } = await session.run(inputs, { threads: 2 });
        assertWithin(outputs, await expectedOf(model, inputs), family.budget, level);
        await session.close();
      });
    }
  });
}

describe('an artifact with code for several levels', () => {
  const levels: readonly (readonly [readonly CpuLevel[], readonly (readonly [Machine, number])[]])[] = [
    [
      ['avx512', 'avx2', 'baseline'],
      [
        [haswell, 1],
        [nehalem, 2],
      ],
    ],
    [
      ['dotprod', 'neon'],
      [
        [cortexA76, 0],
        [cortexA72, 1],
      ],
    ],
  ];
  const family = families.find((f) => f.name === 'products of bytes')!;
  for (const [[cpuLevel, ...fallbackLevels], machines] of levels) {
    for (const [machine, program] of machines) {
      it(
        `runs program ${program} of ${[cpuLevel, ...fallbackLevels].join(', ')} on an emulated ${machine.cpu}`,
        {
          skip: lacking(machine),
        },
        async (t) => {
          const model = modelOf(family);
          const output = model.replace(/\.onnx$/, `-${machine.architecture}.strata`);
          await compileModel({ model, output, cpuLevel: cpuLevel!, fallbackLevels });
          const session = await openOn(t, output, machine);
          assert.equal(session.loaded.program, program);
          const inputs = randomFeeds(session.loaded.entryPoints[0]!.inputs);
          const { outputs } = await session.run(inputs, { threads: 2 });
          assertWithin(outputs, await expectedOf(model, inputs), family.budget, machine.cpu);
          await session.close();
        },
      );
    }
  }
});

describe('levels that cannot be in one artifact', () => {
  const refusals: readonly (readonly [readonly CpuLevel[], RegExp])[] = [
    [['avx2', 'avx512'], /'avx512' cannot be a fallback here: every machine that runs it runs 'avx2'/],
    [['avx2', 'avx2'], /every machine that runs it runs 'avx2'/],
    [['avx2', 'neon'], /it is for aarch64 and 'avx2' for x86_64/],
  ];
  for (const [[cpuLevel, ...fallbackLevels], message] of refusals)
    it(`such as ${[cpuLevel, ...fallbackLevels].join(', ')}`, () => {
      assert.throws(() => assertFallbacks([cpuLevel!, ...fallbackLevels]), {
        message: new RegExp(`^STR0584 .*${message.source}`),
      });
    });
});

describe('a machine without what kernels need', () => {
  const refusals: readonly (readonly [CpuLevel, Machine, string])[] = [
    ['dotprod', cortexA72, 'dotprod'],
    ['avx512', haswell, 'avx512f'],
    ['avx2', nehalem, 'avx'],
  ];
  for (const [level, machine, feature] of refusals) {
    it(`refuses those for ${level} on an emulated ${machine.cpu}`, { skip: lacking(machine) }, async (t) => {
      const artifact = await compileFamily(modelOf(families[0]!), level);
      await assert.rejects(openOn(t, artifact, machine), (error: Error) => {
        assert.match(error.message, new RegExp(`^STR0704 .*needs the CPU feature "${feature}"`));
        return true;
      });
    });
  }
});
