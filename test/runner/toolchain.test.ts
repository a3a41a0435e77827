import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cpuFeatures, compilerFlags } from '../../src/artifact/cpuFeatures';
import { defaultCacheFolder } from '../../src/runner/cacheFolder';
import { doctor } from '../../src/runner/doctor';
import { hostCpu, parseCpuInfo } from '../../src/runner/hostCpu';
import { knownPeak, measurePeak, peakOf } from '../../src/runner/measurePeak';
import {
  findToolchain,
  installCommand,
  isAtLeast,
  parseVersion,
  requireTools,
} from '../../src/runner/toolchain';
import { startRunner, temporaryFolder } from './sharedBuild';

test('versions are read as tools print them and compared number by number', () => {
  assert.equal(parseVersion('gcc (Debian 12.2.0-14+deb12u1) 12.2.0'), '12.2.0');
  assert.equal(parseVersion('Apple clang version 15.0.0 (clang-1500.3.9.4)'), '15.0.0');
  assert.equal(parseVersion('cmake version 3.25.1'), '3.25.1');
  assert.equal(parseVersion('1.11.1'), '1.11.1');
  assert.ok(isAtLeast('3.18', '3.18') && isAtLeast('3.18.0', '3.18') && isAtLeast('12.2', '9.0'));
  assert.ok(!isAtLeast('3.9', '3.18') && !isAtLeast('0.0', '1.8'));
});

test('one command installs what is missing, for the package manager of the system', () => {
  const on = (osRelease: string, isRoot = false) => ({ platform: 'linux', osRelease, isRoot }) as const;
  const all = ['cc', 'cxx', 'cmake', 'ninja'] as const;
  const cases: [string, string][] = [
    [installCommand(all, on('ID=debian\n', true)), 'apt-get install -y gcc libc6-dev g++ cmake ninja-build'],
    [
      installCommand(['ninja'], on('NAME="Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n')),
      'sudo apt-get install -y ninja-build',
    ],
    [installCommand(all, on('ID="opensuse-leap"\n')), 'sudo zypper install -y gcc gcc-c++ cmake ninja'],
    [installCommand(all, on('ID=arch')), 'sudo pacman -S --needed gcc cmake ninja'],
    [
      installCommand(all, { platform: 'darwin', osRelease: '', isRoot: false }),
      'xcode-select --install && brew install cmake ninja',
    ],
  ];
  for (const [found, expected] of cases) assert.equal(found, expected);
  assert.match(installCommand(['cc'], on('ID=plan9')), /install a C compiler with the package manager/);
});

test('tools are found in PATH, and CC overrides', async (t) => {
  const folder = await temporaryFolder(t);
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('gcc', 'echo "gcc (Test) 4.8.5"');
  program('cmake', 'echo "cmake version 3.30.2"');
  program('ninja', 'exit 1');
  program('mycc', 'echo "mycc 11.0"');
  const toolchain = await findToolchain({ PATH: folder });
  assert.deepEqual(Object.keys(toolchain), ['cc', 'cmake']);
  assert.deepEqual(toolchain.cmake, {
    path: join(folder, 'cmake'),
    version: '3.30.2',
    description: 'cmake version 3.30.2',
  });
  assert.equal((await findToolchain({ PATH: folder, CC: 'mycc' })).cc?.version, '11.0');
  await assert.rejects(requireTools(toolchain, ['cc', 'cxx', 'cmake']), {
    message:
      /^STR0701 .*needs a C compiler from version 9\.0 on and a C\+\+ compiler, which were not found\. Run: /,
  });
});

test('the doctor lists what is there and the command for what is not', async (t) => {
  const folder = await temporaryFolder(t);
  const bare = await doctor({ PATH: folder }, { platform: 'linux', osRelease: 'ID=debian', isRoot: true });
  assert.equal(bare.ok, false);
  assert.deepEqual(
    bare.tools.map(({ name, ok }) => [name, ok]),
    ['cc', 'cxx', 'cmake', 'ninja'].map((name) => [name, false]),
  );
  assert.equal(bare.fix, 'apt-get install -y gcc libc6-dev g++ cmake ninja-build');
  const here = await doctor();
  assert.equal(here.ok, true);
  assert.equal(here.fix, undefined);
  assert.ok(here.tools.every((tool) => tool.path !== undefined && tool.version !== '0.0'));
});

test('what the machine reaches is measured, kept, and forgotten on another processor', async (t) => {
  const cacheFolder = await temporaryFolder(t);
  assert.equal(await knownPeak(cacheFolder), undefined);
  const peak = await measurePeak({ resourceRoot: process.cwd(), cacheFolder });
  const { threads } = await hostCpu();
  for (const kind of ['f32', 'read'] as const) {
    const one = peakOf(peak, kind, 1);
    assert.ok(one !== undefined && one > 1e8 && one < 1e13, `${kind}: ${one}`);
    assert.ok(peak.figures.some((f) => f.kind === kind && f.threads === threads));
  }
  assert.deepEqual(await knownPeak(cacheFolder), peak);
  assert.equal(await knownPeak(cacheFolder, { model: 'another' }), undefined);
});

test('features of the processor: what the system lists and what the runner measures agree', async (t) => {
  const { architecture, features } = await hostCpu();
  const info = await (await startRunner(t)).ping();
  assert.equal(info.architecture, architecture);
  assert.deepEqual(info.cpuFeatures, features);
});

test('cpuinfo of several architectures', () => {
  const x86 =
    'processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu sse4_1 avx avx2 fma avx512_vnni\n';
  assert.deepEqual(parseCpuInfo(x86, 'x86_64'), {
    model: 'Some CPU @ 2 GHz',
    features: ['sse4.1', 'avx', 'fma', 'avx2', 'avx512vnni'],
  });
  const bigLittle =
    'processor : 0\nFeatures : fp asimd asimddp i8mm\nprocessor : 1\nFeatures : fp asimd asimddp\n';
  assert.deepEqual(parseCpuInfo(bigLittle, 'aarch64').features, ['simd', 'dotprod']);
  assert.deepEqual(parseCpuInfo('isa\t: rv64imafdcv_zicsr_zvfh\n', 'riscv64').features, ['v']);
  assert.deepEqual(parseCpuInfo('isa\t: rv64imafdc_zvfh\n', 'riscv64').features, []);
  assert.deepEqual(parseCpuInfo('', 'arm'), { model: 'arm', features: [] });
});

test('feature names become compiler flags', () => {
  assert.deepEqual(compilerFlags('x86_64', ['avx2', 'fma']), ['-mavx2', '-mfma']);
  assert.deepEqual(compilerFlags('aarch64', ['dotprod', 'i8mm']), ['-march=armv8.2-a+dotprod+i8mm']);
  assert.deepEqual(compilerFlags('riscv64', ['v']), ['-march=rv64gcv']);
  assert.deepEqual(compilerFlags('arm', ['neon']), ['-mfpu=neon']);
  const names = cpuFeatures.map((feature) => `${feature.architecture} ${feature.name}`);
  assert.equal(new Set(names).size, names.length);
});

test('the cache folder', () => {
  assert.equal(defaultCacheFolder({ STRATA_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x' }, 'linux'), '/c');
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux'), '/x/strata');
  assert.match(defaultCacheFolder({}, 'linux'), /\.cache\/strata$/);
});
