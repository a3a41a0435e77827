// Installs what a clone lacks, and only that: node packages, system packages, the VS Code that tests run in.
// Used by start.mjs and test.mjs before anything is installed, so it holds to Node's own modules.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Each thing by what proves that it is there, and the Debian packages that bring it. */
const system = {
  cc: { any: ['cc', 'gcc', 'clang'], packages: ['gcc', 'libc6-dev'] },
  cxx: { any: ['c++', 'g++', 'clang++'], packages: ['g++', 'libc6-dev'] },
  cmake: { any: ['cmake'], packages: ['cmake'] },
  ninja: { any: ['ninja', 'ninja-build'], packages: ['ninja-build'] },
  make: { any: ['make'], packages: ['make'] },
  python: { any: ['python3'], packages: ['python3'] },
  chromium: { any: ['chromium', 'chromium-browser', 'google-chrome'], packages: ['chromium'] },
  fonts: {
    file: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
    packages: ['fonts-dejavu-core'],
    optional: true,
  },
  crossCompiler: {
    any: ['aarch64-linux-gnu-g++'],
    packages: ['gcc-aarch64-linux-gnu', 'g++-aarch64-linux-gnu'],
    optional: true,
  },
  emulator: { any: ['qemu-aarch64'], packages: ['qemu-user'], optional: true },
  venv: { module: 'ensurepip', packages: ['python3', 'python3-venv'], optional: true },
  mlir: { any: ['mlir-opt-22', 'mlir-opt'], packages: ['mlir-22-tools'], optional: true },
};

function onPath(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function missing(names) {
  return names.filter((name) => {
    const { any, file, module } = system[name];
    if (module !== undefined)
      return spawnSync('python3', ['-c', `import ${module}`], { stdio: 'ignore' }).status !== 0;
    return file === undefined ? !any.some(onPath) : !existsSync(file);
  });
}

function runStep(command, args, options = {}) {
  console.log(`install: ${command} ${args.join(' ')}`);
  return runQuietly(command, args, options);
}

function runQuietly(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  return result.status === 0;
}

/** Whether every package of the lock is installed in its version; one that is optional may be absent. */
function installedAsLocked() {
  const installed = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const read = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const have = read(installed);
  return Object.entries(read(path.join(root, 'package-lock.json'))).every(
    ([place, { version, optional, devOptional }]) =>
      place === '' ||
      have[place]?.version === version ||
      (have[place] === undefined && (optional || devOptional)),
  );
}

/** Node packages exactly as locked; nothing when they are there. */
export function installNodePackages() {
  if (installedAsLocked()) return;
  // 'npm ci' starts from nothing, so it must not run beside somebody who works with what is there.
  const command = existsSync(path.join(root, 'node_modules')) ? 'install' : 'ci';
  if (!runStep('npm', [command, '--no-progress', '--loglevel=error'])) {
    console.error(`install: 'npm ${command}' failed; see above. The npm registry must be reachable once.`);
    process.exit(1);
  }
}

/**
 * System packages that `names` (keys of the table) lack. Installs them where apt is there and we are root;
 * else prints the one command to run and ends with exit code 1, unless only optional ones are missing.
 */
export function installSystemPackages(names) {
  const lacking = missing(names);
  const required = lacking.filter((name) => !system[name].optional);
  const optional = lacking.filter((name) => system[name].optional);
  const asked = path.join(root, 'out/asked-apt');
  const askedToday = existsSync(asked) && Date.now() - statSync(asked).mtimeMs < 24 * 3_600_000;
  if (required.length === 0 && (optional.length === 0 || askedToday)) return;

  const packages = (of) => [...new Set(of.flatMap((name) => system[name].packages))];
  const isRoot = process.getuid?.() === 0;
  if (!onPath('apt-get') || !isRoot) {
    if (required.length === 0) return;
    const sudo = isRoot ? '' : 'sudo ';
    const list = packages(required).join(' ');
    console.error(
      `install: missing: ${required.map((name) => system[name].any[0]).join(', ')}. On Debian run:`,
    );
    console.error(`  ${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${list}`);
    process.exit(1);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => runStep('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], { env });
  const install = (of) => apt('install', '-y', '-qq', '--no-install-recommends', ...packages(of));
  apt('update', '-qq'); // one dead source among many is no reason to stop; the install tells
  if (required.length > 0 && !install(required)) {
    console.error('install: apt-get could not install what is missing; see above.');
    process.exit(1);
  }
  for (const name of optional) {
    const known =
      spawnSync('apt-cache', ['show', ...system[name].packages], { stdio: 'ignore' }).status === 0;
    if (!known || !install([name]))
      console.log(`install: ${system[name].packages.join(' ')} cannot be had here; what needs it is skipped`);
  }
  mkdirSync(path.dirname(asked), { recursive: true });
  writeFileSync(asked, '');
}

/** What `npm start` needs to build and run a model. */
export function installForStart() {
  installNodePackages();
  installSystemPackages(['cc', 'cxx', 'cmake', 'ninja']);
}

/** Whether the VS Code of tools/vscode-host can run here; elsewhere a desktop is downloaded for the integration tests. */
export const hostRunsHere = process.platform === 'linux' && process.arch === 'x64';

/** Python packages that some tests use, in the versions that their expectations were written for. */
const pythonPackages = ['onnx==1.23.2', 'perfetto==0.59.1'];

/**
 * A Python of the tests' own with these packages, in `out/python`; `STRATA_PYTHON` names it to the tests, and another one
 * where it is set. Without a network or a Python the tests that use it are skipped.
 */
function installPython() {
  if (process.env.STRATA_PYTHON !== undefined) return;
  const folder = path.join(root, 'out/python');
  const python = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const done = path.join(folder, 'installed');
  const wanted = pythonPackages.join(' ');
  if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted) {
    const quietly = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--only-binary',
      ':all:',
    ];
    const installed =
      onPath('python3') &&
      runQuietly('python3', ['-m', 'venv', folder], { stdio: 'ignore' }) &&
      runStep(python, [...quietly, ...pythonPackages]);
    if (!installed) {
      console.log(`install: ${wanted} cannot be had for Python here; what needs it is skipped`);
      return;
    }
    writeFileSync(done, wanted);
  }
  process.env.STRATA_PYTHON = python;
}

/** What the named rings of tests need. */
export function installForTests(rings) {
  installNodePackages();
  const names = new Set();
  if (rings.some((ring) => ring !== 'static'))
    for (const name of ['cc', 'cxx', 'cmake', 'ninja']) names.add(name);
  if (rings.includes('unit'))
    for (const name of ['mlir', 'crossCompiler', 'emulator', 'venv']) names.add(name);
  const inHost =
    hostRunsHere &&
    (rings.includes('e2e') || (rings.includes('integration') && process.env.VSCODE_EXECUTABLE === undefined));
  if (inHost) for (const name of ['make', 'python', 'chromium', 'fonts']) names.add(name);
  installSystemPackages([...names]);
  if (inHost && !runQuietly('bash', [path.join(root, 'tools/vscode-host/setup.sh')])) {
    console.error('install: the VS Code that tests run in could not be set up; see above.');
    process.exit(1);
  }
  if (rings.includes('unit')) installPython();
}
