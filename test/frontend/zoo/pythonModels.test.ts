/**
 * The models that `python/` exports are those of the zoo where both have them; its own tests run where its requirements
 * are installed. `STRATA_PYTHON` names an interpreter that has them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { referenceModels } from '../../../src/frontend/zoo/referenceModels';

const folder = 'python/strata_models';
const python = process.env['STRATA_PYTHON'] ?? 'python3';
const has = (module: string): boolean =>
  spawnSync(python, ['-c', `import importlib.util as u, sys; sys.exit(u.find_spec("${module}") is None)`])
    .status === 0;
const missing = ['torch', 'torchvision', 'transformers', 'onnxscript', 'onnxruntime', 'pytest'].filter(
  (m) => !has(m),
);

test('names and parameters are those of the zoo', () => {
  const sources = readdirSync(folder)
    .filter((f) => f.endsWith('.py'))
    .map((f) => readFileSync(`${folder}/${f}`, 'utf8'));
  const found = sources.flatMap((s) => [
    ...s.matchAll(/name="([\w.-]+)",\s+summary="[^"]*",\s+parameters=([\d_]+),/g),
    ...s.matchAll(/ llama\("([\w.-]+)", ([\d_]+),/g),
  ]);
  const expected = new Map(referenceModels.map((m) => [m.name, m.parameters]));
  assert.ok(found.length >= 10, `${found.length} models were found`);
  for (const [, name, parameters] of found)
    assert.equal(Number(parameters!.replaceAll('_', '')), expected.get(name!), name);
});

test(
  'exported files compute what the modules compute',
  {
    skip:
      missing.length > 0 &&
      `${missing.join(', ')} not installed (pip install -r python/requirements-dev.txt; STRATA_PYTHON names the interpreter)`,
  },
  () => {
    const { status, stdout, stderr } = spawnSync(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], {
      cwd: 'python',
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
  },
);
