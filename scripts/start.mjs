// `npm start`: from a fresh clone to a profiled model. Installs what is missing, builds, then takes MobileNetV2 through
// the command line: model file, artifact, run, check against ONNX Runtime, trace. Before the install: Node's modules only.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { installForStart } from './install.mjs';

const root = path.dirname(import.meta.dirname);
const place = 'build/first-light';
const at = (name) => `${place}/${name}`;
const tolerance = 1e-4;

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

/** Seeded values in [-1, 1), by the linear congruential generator of Numerical Recipes. */
function randomTensor(length, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** NumPy's format, version 1.0, little-endian float32. */
function writeNpy(file, dims, values) {
  const shape = `(${dims.join(', ')}${dims.length === 1 ? ',' : ''})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const header = `${dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from('\x93NUMPY\x01\x00\0\0', 'latin1');
  start.writeUInt16LE(header.length, 8);
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  writeFileSync(file, Buffer.concat([start, Buffer.from(header, 'latin1'), data]));
}

function readNpy(file) {
  const bytes = readFileSync(file);
  const headerLength = bytes[6] === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const begin = (bytes[6] === 1 ? 10 : 12) + headerLength;
  const header = bytes.toString('latin1', 10, begin);
  if (!header.includes("'<f4'")) throw new Error(`${file} does not hold float32: ${header}`);
  const data = bytes.subarray(begin);
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

/** What ONNX Runtime makes of the model and a seeded input that is also written to `inputFile`. */
async function reference(modelFile, inputFile) {
  const ort = (await import('onnxruntime-node')).default;
  const session = await ort.InferenceSession.create(modelFile);
  const [input] = session.inputMetadata;
  const dims = input.shape.map((dim) => (typeof dim === 'number' ? dim : 1));
  const values = randomTensor(
    dims.reduce((product, dim) => product * dim, 1),
    1,
  );
  writeNpy(inputFile, dims, values);
  const results = await session.run({ [input.name]: new ort.Tensor('float32', values, dims) });
  return { inputName: input.name, expected: results[session.outputNames[0]].data };
}

function compare(found, expected) {
  if (found.length !== expected.length)
    throw new Error(`the run gave ${found.length} values, ONNX Runtime ${expected.length}`);
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < found.length; i++) {
    difference = Math.max(
      difference,
      Number.isFinite(found[i]) ? Math.abs(found[i] - expected[i]) : Infinity,
    );
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference / scale;
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
await build();

rmSync(place, { recursive: true, force: true });
mkdirSync(place, { recursive: true });

step('Model: MobileNetV2, its published architecture with seeded weights');
strata('models', 'build', 'mobilenet-v2', '-o', at('mobilenet-v2.onnx'));

step('Compile for the CPU');
strata('compile', at('mobilenet-v2.onnx'), '-o', at('mobilenet-v2.strata'), '--dump-dir', at('ir'));

step('Run and check');
const { inputName, expected } = await reference(at('mobilenet-v2.onnx'), at('input.npy'));
strata(
  'run',
  at('mobilenet-v2.strata'),
  '--input',
  `${inputName}=${at('input.npy')}`,
  '--output-dir',
  at('outputs'),
);
const [output] = readdirSync(at('outputs')).filter((name) => name.endsWith('.npy'));
const error = compare(readNpy(path.join(place, 'outputs', output)), expected);
console.log(
  `${output}: ${expected.length} values, largest difference from ONNX Runtime ${error.toExponential(1)} (relative)`,
);
if (!(error <= tolerance)) {
  console.error(`start: the result does not agree with ONNX Runtime: ${error} is above ${tolerance}.`);
  process.exit(1);
}

step('Profile');
strata('profile', at('mobilenet-v2.strata'), '-o', at('mobilenet-v2.pftrace'));

step('Where it lies');
const size = (name) => `${(statSync(at(name)).size / 2 ** 20).toFixed(1)} MiB`;
console.log(`  model      ${at('mobilenet-v2.onnx')}  ${size('mobilenet-v2.onnx')}`);
console.log(`  artifact   ${at('mobilenet-v2.strata')}  ${size('mobilenet-v2.strata')}`);
console.log(`  IR         ${at('ir/')}  ${countFiles(at('ir'))} files, one per pass`);
console.log(`  trace      ${at('mobilenet-v2.pftrace')}  opens in ui.perfetto.dev`);
