/**
 * Models exported for other compilers: real `iree-compile` and `mlir-opt` take them and compute the same, where they are
 * installed; and what IREE's importer writes is read. `STRATA_IREE` names the folder of IREE's programs when the PATH
 * does not lead to them.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { execa } from 'execa';
import { agreementOf } from '../../src/compiler/compareTensors';
import { compileModel } from '../../src/compiler/compileModel';
import type { ExportForm } from '../../src/compiler/exportForms';
import { exportForms } from '../../src/compiler/exportForms';
import { readTensorFile, writeTensorFile } from '../../src/frontend/tensorFile';
import { mlirOpt } from '../golden';
import {
  assertAgrees,
  modelFile,
  openSession,
  referenceOutputs,
  scratch,
  seededInputs,
  type Tensors,
} from './models';

const models = ['tiny-convnet', 'autoencoder'] as const;
const tolerance = 1e-4;

const program = (name: string): string => path.join(process.env['STRATA_IREE'] ?? '', name);
const hasIree = await execa(program('iree-compile'), ['--version']).then(
  () => true,
  () => false,
);
const skipWithoutIree = hasIree
  ? false
  : 'iree-compile is not installed (pip install iree-base-compiler iree-base-runtime)';

/** The model as text, in a file. */
async function exported(model: string, form: ExportForm): Promise<string> {
  const { compilation } = await compileModel({ model, exportForm: form });
  assert.equal(compilation.artifact, undefined);
  const file = `${model}.${form}.mlir`;
  writeFileSync(file, compilation.finalText!);
  return file;
}

/** Compiles and runs a text with IREE. */
async function runWithIree(text: string, inputs: Tensors, outputs: readonly string[]): Promise<Tensors> {
  const module = `${text}.vmfb`;
  const device = ['--iree-hal-target-device=local', '--iree-hal-local-target-device-backends=llvm-cpu'];
  await execa(program('iree-compile'), [text, ...device, '--iree-llvmcpu-target-cpu=host', '-o', module]);
  const given = Object.entries(inputs).map(([name, tensor]) => {
    const file = `${text}.${name}.npy`;
    writeTensorFile(file, tensor, name);
    return `--input=@${file}`;
  });
  const wanted = outputs.map((name) => `${text}.${name}.npy`);
  await execa(program('iree-run-module'), [
    '--device=local-sync',
    `--module=${module}`,
    '--function=main',
    ...given,
    ...wanted.map((file) => `--output=@${file}`),
  ]);
  return Object.fromEntries(outputs.map((name, i) => [name, readTensorFile(wanted[i]!).tensor]));
}

const attributes =
  'attributes {torch.onnx_meta.ir_version = 8 : si64, torch.onnx_meta.opset_version = 17 : si64, torch.onnx_meta.producer_name = "pytorch", torch.onnx_meta.producer_version = "2.1"}';

function oneOperator(operator: string): string {
  return `module {
  func.func @graph(%arg0: !torch.vtensor<[2],f32>) -> !torch.vtensor<[2],f32> ${attributes} {
    %0 = torch.operator ${operator}(%arg0) : (!torch.vtensor<[2],f32>) -> !torch.vtensor<[2],f32>
    return %0 : !torch.vtensor<[2],f32>
  }
}`;
}

const huge = `module {
  func.func @graph() -> !torch.vtensor<[9999999,99999],f32> ${attributes} {
    %0 = torch.operator "onnx.Constant"() {torch.onnx.value = dense<1.0> : tensor<9999999x99999xf32>} : () -> !torch.vtensor<[9999999,99999],f32>
    return %0 : !torch.vtensor<[9999999,99999],f32>
  }
}`;

/** An operand that is left out, and a blob. */
const imported = `module {
  func.func @graph(%arg0: !torch.vtensor<[2,2],f32>) -> !torch.vtensor<[4],f32> ${attributes} {
    %none = torch.constant.none
    %0 = torch.operator "onnx.Constant"() {torch.onnx.value = dense_resource<_max> : tensor<f32>} : () -> !torch.vtensor<[],f32>
    %1 = torch.operator "onnx.Constant"() {torch.onnx.value = dense<4> : tensor<1xsi64>} : () -> !torch.vtensor<[1],si64>
    %2 = torch.operator "onnx.Clip"(%arg0, %none, %0) : (!torch.vtensor<[2,2],f32>, !torch.none, !torch.vtensor<[],f32>) -> !torch.vtensor<[2,2],f32>
    %3 = torch.operator "onnx.Reshape"(%2, %1) {torch.onnx.allowzero = 0 : si64} : (!torch.vtensor<[2,2],f32>, !torch.vtensor<[1],si64>) -> !torch.vtensor<[4],f32>
    return %3 : !torch.vtensor<[4],f32>
  }
}

{-#
  dialect_resources: {
    builtin: {
      _max: "0x080000000000C040"
    }
  }
#-}
`;

describe('exported text', () => {
  it('is the same in a file, written part by part', async () => {
    const model = modelFile('tiny-convnet');
    for (const form of exportForms) {
      const exportFile = path.join(scratch(), `parts.${form}.mlir`);
      const { compilation } = await compileModel({ model, exportForm: form, exportFile });
      assert.equal(compilation.finalText, undefined);
      const whole = await compileModel({ model, exportForm: form });
      assert.equal(readFileSync(exportFile, 'utf8'), whole.compilation.finalText);
      assert.deepEqual(
        readdirSync(scratch()).filter((f) => f.endsWith('.tmp')),
        [],
      );
    }
  });
  for (const name of models)
    for (const form of exportForms) {
      it(`of ${name} as ${form} comes back as the same model`, async (t) => {
        const model = modelFile(name);
        const text = await exported(model, form);
        const output = `${text}.strata`;
        const { compilation } = await compileModel({ model: text, output });
        const original = await compileModel({ model });
        if (form === 'iree')
          assert.deepEqual(
            compilation.modelNodes.map((n) => n.name),
            original.compilation.modelNodes.map((n) => n.name),
          );
        const inputs = seededInputs(name, {}, 1);
        const [expected] = await referenceOutputs(model, [inputs]);
        const session = await openSession(t, output);
        const { outputs } = await session.run(
          Object.fromEntries(session.entryPoint().inputs.map((i, n) => [i.name, Object.values(inputs)[n]!])),
        );
        if (form === 'iree') assertAgrees(outputs, expected!, tolerance, name);
        else {
          const found = { output: Object.values(outputs)[0]! };
          assert.ok(agreementOf(found, expected!, 'reference', tolerance).agrees);
        }
        await session.close();
      });

      it(`of ${name} as ${form} is compiled and run by IREE`, { skip: skipWithoutIree }, async () => {
        const model = modelFile(name);
        const inputs = seededInputs(name, {}, 1);
        const [expected] = await referenceOutputs(model, [inputs]);
        const text = await exported(model, form);
        assertAgrees(await runWithIree(text, inputs, ['output']), expected!, tolerance, `${name} ${form}`);
      });
    }

  for (const name of models)
    it(
      `of ${name} as linalg is accepted by mlir-opt, without dialects of ours`,
      { skip: mlirOpt === undefined && 'mlir-opt 22 is not installed' },
      async () => {
        const text = await exported(modelFile(name), 'linalg');
        await execa(mlirOpt!, [text, '-o', '/dev/null']);
      },
    );
});

describe('text that iree-import-onnx writes', () => {
  it('has unnamed nodes and values, and is compiled', async (t) => {
    const file = path.join(scratch(), 'imported.mlir');
    writeFileSync(file, imported);
    const { compilation } = await compileModel({ model: file, output: `${file}.strata` });
    assert.deepEqual(
      compilation.modelNodes.map((n) => n.opType),
      ['Clip', 'Reshape'],
    );
    const session = await openSession(t, `${file}.strata`);
    const x = {
      elementType: 'f32',
      shape: [2, 2],
      bytes: new Uint8Array(Float32Array.of(-1, 2, 3, 9).buffer),
    } as const;
    const { outputs } = await session.run({ input: x });
    assert.deepEqual([...new Float32Array(outputs['output']!.bytes.slice().buffer)], [-1, 2, 3, 6]);
    assert.deepEqual(outputs['output']!.shape, [4]);
    await session.close();
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [
      'an operator that is not of ONNX',
      oneOperator('"aten.relu"'),
      /STR0351 .*"aten.relu".*no ONNX operator/,
    ],
    [
      'no opset',
      oneOperator('"onnx.Relu"').replace(/attributes \{[^}]*\} /, ''),
      /STR0351 .*opset_version is missing/,
    ],
    [
      'a list',
      oneOperator('"onnx.Relu"').replaceAll('!torch.vtensor<[2],f32>', '!torch.list<vtensor<[2],f32>>'),
      /STR0351 .*not read/,
    ],
    ['a splat of terabytes', huge, /STR0351 .*more than 2 GiB/],
    ['an unknown operator', oneOperator('"onnx.Frobnicate"'), /STR0340 [^]*Frobnicate/],
  ];
  for (const [what, text, error] of refused)
    it(`is refused with ${what}`, async () => {
      const file = path.join(scratch(), 'refused.mlir');
      writeFileSync(file, text);
      await assert.rejects(compileModel({ model: file, output: `${file}.strata` }), error);
    });
});
