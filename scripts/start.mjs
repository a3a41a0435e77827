// `npm start`: from a fresh clone to a profiled model. Installs what is missing, builds, then takes MobileNetV2 through
// the command line: model file, artifact, run, check against ONNX Runtime, trace. Before the install: Node's modules only.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { installForStart } from './install.mjs';

const root = path.dirname(import.meta.dirname);
const place = 'build/first-light';
const at = (name) => `${place}/${name}`;

function step(title) {
  console.log(`\n== ${title}`);
}

function strata(...args) {
  console.log(`$ strata ${args.join(' ')}`);
  const result = spawnSync(process.execPath, ['bin/strata.mjs', ...args], { cwd: root, stdio: 'inherit' });
  if (result.status === 0) return;
  console.error(
    `start: 'strata ${args[0]}' ended with ${result.signal ?? `exit code ${result.status}`}; see above.`,
  );
  process.exit(1);
}

function countFiles(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  ).length;
}

process.chdir(root);
step('Install');
installForStart();
console.log('everything is there');

step('Build');
const { build } = await import('./build.mjs');
await build().catch(() => process.exit(1)); // esbuild has printed what is wrong

rmSync(place, { recursive: true, force: true });
mkdirSync(place, { recursive: true });

step('Model: MobileNetV2, its published architecture with seeded weights');
strata('models', 'build', 'mobilenet-v2', '-o', at('mobilenet-v2.onnx'));

step('Compile for the CPU');
strata('compile', at('mobilenet-v2.onnx'), '-o', at('mobilenet-v2.strata'), '--dump-dir', at('ir'));

step('Run and check');
strata(
  ...['run', at('mobilenet-v2.strata'), '--model', at('mobilenet-v2.onnx'), '--output-dir', at('outputs')],
  ...['--check', 'onnxruntime'],
);

step('Profile');
strata('profile', at('mobilenet-v2.strata'), '-o', at('mobilenet-v2.pftrace'));

step('Where it lies');
const size = (name) => `${(statSync(at(name)).size / 2 ** 20).toFixed(1)} MiB`;
console.log(`  model      ${at('mobilenet-v2.onnx')}  ${size('mobilenet-v2.onnx')}`);
console.log(`  artifact   ${at('mobilenet-v2.strata')}  ${size('mobilenet-v2.strata')}`);
console.log(`  IR         ${at('ir/')}  ${countFiles(at('ir'))} files, one per pass`);
console.log(`  trace      ${at('mobilenet-v2.pftrace')}  opens in ui.perfetto.dev`);
