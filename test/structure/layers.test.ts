import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { debts, independent, layers, type Layer } from './layers';
import { importsOf, parse, root, sourceFiles } from './sourceFiles';

function layerOf(file: string): Layer | undefined {
  return layers
    .filter(({ place }) => file === place || file === `${place}.ts` || file.startsWith(`${place}/`))
    .sort((a, b) => b.place.length - a.place.length)[0];
}

function whole(layer: Layer): Layer {
  return layers.find(({ place }) => place === layer.partOf) ?? layer;
}

/** The sub-folder of an independent folder that a file lies in, such as 'src/lowering/targets/cpu'. */
function islandOf(file: string): string | undefined {
  for (const { place, marker } of independent) {
    const name = file.startsWith(`${place}/`) ? file.slice(place.length + 1).split('/') : [];
    if (name.length < 2) continue;
    const island = `${place}/${name[0]}`;
    if (marker === undefined || existsSync(path.join(root, island, marker))) return island;
  }
  return undefined;
}

interface Violation {
  readonly file: string;
  readonly imports: string;
  readonly text: string;
}

function violationsOf(file: string): Violation[] {
  const from = layerOf(file);
  if (from === undefined)
    return [{ file, imports: '', text: `${file} lies in no layer; add it to layers.ts` }];
  const found: Violation[] = [];
  for (const { specifier, typeOnly, line } of importsOf(parse(file))) {
    const report = (imports: string, reason: string): void => {
      found.push({ file, imports, text: `${file}:${line} imports '${specifier}': ${reason}` });
    };
    if (!specifier.startsWith('.')) {
      const owned = layers.some(({ packages }) => packages?.includes(specifier));
      if (owned && from.packages?.includes(specifier) !== true)
        report(specifier, `${from.place} may not know ${specifier}`);
      continue;
    }
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (target === 'package.json') continue; // data: the version
    const to = layerOf(target);
    if (to === undefined) {
      report(target, 'it lies in no layer');
      continue;
    }
    const island = islandOf(file);
    const otherIsland = islandOf(target);
    if (island !== undefined && otherIsland !== undefined && island !== otherIsland)
      report(otherIsland, `${island} and ${otherIsland} are independent of one another`);
    const opens = (places: readonly string[] = []): boolean =>
      places.includes(to.place) || (to.partOf !== undefined && places.includes(to.partOf));
    if (whole(to) === whole(from) || opens(whole(from).imports)) continue;
    if (opens(whole(from).types)) {
      if (!typeOnly)
        report(to.place, `${from.place} may import types of ${to.place} only; write 'import type'`);
      continue;
    }
    report(to.place, `${from.place} may import ${whole(from).imports.join(', ') || 'nothing of ours'}`);
  }
  return found;
}

const isDebt = (violation: Violation): boolean =>
  debts.some((debt) => debt.file === violation.file && debt.imports === violation.imports);

test('every import keeps to the layers', () => {
  const files = sourceFiles('src', 'webview');
  assert.ok(files.length > 0);
  const violations = files.flatMap(violationsOf).filter((violation) => !isDebt(violation));
  assert.deepEqual(
    violations.map(({ text }) => text),
    [],
  );
});

test('every debt is still owed', () => {
  const owed = sourceFiles('src', 'webview').flatMap(violationsOf).filter(isDebt);
  const paid = debts.filter(
    ({ file, imports }) => !owed.some((o) => o.file === file && o.imports === imports),
  );
  assert.deepEqual(paid, [], 'remove these from layers.ts');
});

test('the layers have no cycle', () => {
  const visiting = new Set<string>();
  const done = new Set<string>();
  const visit = (place: string): void => {
    if (done.has(place)) return;
    assert.ok(!visiting.has(place), `${[...visiting, place].join(' → ')}`);
    visiting.add(place);
    const layer = layers.find((each) => each.place === place);
    assert.ok(layer, `'${place}' is not in the table`);
    layer.imports.forEach(visit);
    visiting.delete(place);
    done.add(place);
  };
  for (const { place } of layers) visit(place);
});

test('ARCHITECTURE.md shows the table (UPDATE=1 rewrites it)', () => {
  const short = (place: string): string => `\`${place.replace(/^src\//, '')}\``;
  const wholes = layers.filter(({ partOf }) => partOf === undefined);
  const rows = layers.map(({ place, partOf, holds, imports, types }) => {
    if (partOf !== undefined) return `| \`${place}\` | ${holds} | as ${short(partOf)} |`;
    const others = wholes.filter((each) => each.place !== place && !imports.includes(each.place));
    if (imports.length > others.length)
      return `| \`${place}\` | ${holds} | all but ${others.map((each) => short(each.place)).join(', ')} |`;
    const allowed = [...imports.map(short), ...(types ?? []).map((each) => `types of ${short(each)}`)];
    return `| \`${place}\` | ${holds} | ${allowed.join(', ') || 'nothing of ours'} |`;
  });
  const table = ['| folder | holds | may import |', '|---|---|---|', ...rows].join('\n');
  const [begin, end] = ['<!-- layers: test/structure/layers.ts -->', '<!-- end of layers -->'];
  const file = path.join(root, 'ARCHITECTURE.md');
  const text = readFileSync(file, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  assert.ok(start >= 0 && stop > start, `ARCHITECTURE.md needs the lines ${begin} and ${end}`);
  const wanted = `${text.slice(0, start)}${begin}\n\n<!-- prettier-ignore -->\n${table}\n\n${text.slice(stop)}`;
  if (process.env['UPDATE'] === '1') writeFileSync(file, wanted);
  else assert.equal(text, wanted);
});
