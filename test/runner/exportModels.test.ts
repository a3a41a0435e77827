/** Exporting models with Python: the real virtual environment and `pip`, with a small package in place of the models. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { CancelledError } from '../../src/base/cancellation';
import type { ExportModelsOptions } from '../../src/runner/exportModels';
import { exportModels } from '../../src/runner/exportModels';

const skip =
  spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0 && 'python3 with venv is not installed';

/** Has the command line of the real one, writes files at once and sleeps when it is asked for `slow`. */
const package_ = `
import argparse, pathlib, sys, time
p = argparse.ArgumentParser()
p.add_argument("-o", type=pathlib.Path)
p.add_argument("--only", action="append")
a = p.parse_args()
names = a.only or ["one", "two"]
for i, name in enumerate(names, start=1):
    print(f"{i}/{len(names)} {name}", flush=True)
    if name == "slow":
        time.sleep(60)
    if name == "broken":
        print("broken: ValueError: it is broken", file=sys.stderr)
        sys.exit(1)
    (a.o / f"{name}.onnx").write_text(name)
    print(f"wrote {a.o / f'{name}.onnx'}", flush=True)
`;

interface Place {
  readonly sources: string;
  readonly environment: string;
  readonly output: string;
}
function place(t: TestContext): Place {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-export-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const sources = path.join(folder, 'python');
  mkdirSync(path.join(sources, 'strata_models'), { recursive: true });
  writeFileSync(path.join(sources, 'requirements.txt'), '# nothing\n');
  writeFileSync(path.join(sources, 'strata_models', '__init__.py'), '');
  writeFileSync(path.join(sources, 'strata_models', 'export_all.py'), package_);
  return { sources, environment: path.join(folder, 'environment'), output: path.join(folder, 'models') };
}
const options = (more: Partial<ExportModelsOptions> = {}): ExportModelsOptions => ({
  signal: new AbortController().signal,
  onProgress: () => {},
  onLine: () => {},
  ...more,
});

test('models are exported from an environment that is made once', { skip }, async (t) => {
  const at = place(t);
  const seen: (readonly [string, number | undefined])[] = [];
  const onProgress = (text: string, fraction: number | undefined): void => void seen.push([text, fraction]);
  const written = await exportModels(at, options({ onProgress }));
  assert.deepEqual(
    written.map((f) => path.basename(f)),
    ['one.onnx', 'two.onnx'],
  );
  assert.equal(readFileSync(written[1]!, 'utf8'), 'two');
  assert.deepEqual(seen.slice(-2), [
    ['one', 0],
    ['two', 0.5],
  ]);
  assert.equal(seen[0]![0], 'making a virtual environment');

  seen.length = 0;
  await exportModels({ ...at, only: ['three'] }, options({ onProgress }));
  assert.deepEqual(seen, [['three', 0]], 'the environment is there already');

  await assert.rejects(
    exportModels({ ...at, only: ['broken'] }, options()),
    /STR0735.*exporting the models.*it is broken/s,
  );

  const stop = new AbortController();
  const slow = exportModels(
    { ...at, only: ['slow'] },
    options({
      signal: stop.signal,
      onLine: () => {
        stop.abort();
      },
    }),
  );
  await assert.rejects(slow, CancelledError);
  assert.ok(!existsSync(path.join(at.output, 'slow.onnx')));
});

test(
  'an environment that could not be finished is removed, and a missing Python is said',
  { skip },
  async (t) => {
    const at = place(t);
    writeFileSync(path.join(at.sources, 'requirements.txt'), './no-such-package\n');
    await assert.rejects(exportModels(at, options()), /STR0735.*installing what the models need/s);
    assert.ok(!existsSync(at.environment));
    await assert.rejects(
      exportModels(at, options({ env: { PATH: at.output } })),
      /STR0734.*none is on the PATH/,
    );
  },
);
