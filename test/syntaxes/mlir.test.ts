import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';
import { compileModel } from '../../src/compiler/compileModel';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { temporaryFolder } from '../runner/sharedBuild';

interface Token {
  readonly text: string;
  /** Without the scope of the file. */
  readonly scopes: readonly string[];
}

async function loadGrammar(): Promise<textmate.IGrammar> {
  const wasm = createRequire(path.join(process.cwd(), 'package.json')).resolve(
    'vscode-oniguruma/release/onig.wasm',
  );
  await oniguruma.loadWASM(readFileSync(wasm));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: (scope) => {
      assert.equal(scope, 'source.mlir');
      const file = 'syntaxes/mlir.tmLanguage.json';
      return Promise.resolve(textmate.parseRawGrammar(readFileSync(file, 'utf8'), file));
    },
  });
  const grammar = await registry.loadGrammar('source.mlir');
  assert.ok(grammar);
  return grammar;
}
const grammar = loadGrammar();

async function tokensOf(text: string): Promise<readonly (readonly Token[])[]> {
  let stack = textmate.INITIAL;
  const { tokenizeLine } = await grammar.then((g) => ({ tokenizeLine: g.tokenizeLine.bind(g) }));
  return text.split('\n').map((line) => {
    const result = tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens
      .map((t) => ({ text: line.slice(t.startIndex, t.endIndex), scopes: t.scopes.slice(1) }))
      .filter((t) => t.text.trim() !== '');
  });
}

test('each token of the sample has its scopes (UPDATE=1 rewrites)', async () => {
  const file = 'test/syntaxes/sample.tokens';
  const lines = await tokensOf(readFileSync('test/syntaxes/sample.mlir', 'utf8'));
  const found = lines
    .map((tokens, i) =>
      [
        `line ${i + 1}`,
        ...tokens.map((t) => `  ${t.text.trim().padEnd(24)} ${t.scopes.join(' ')}`.trimEnd()),
      ].join('\n'),
    )
    .join('\n');
  if (process.env['UPDATE'] === '1' || !existsSync(file)) writeFileSync(file, `${found}\n`);
  assert.equal(`${found}\n`, readFileSync(file, 'utf8'));
});

test('what matters most is told apart', async () => {
  const scopeOf = async (text: string, wanted: string): Promise<string | undefined> =>
    (await tokensOf(text))
      .flat()
      .find((t) => t.text.trim() === wanted)
      ?.scopes.at(-1);
  assert.equal(await scopeOf('%0 = arith.addf %a, %b : f32', 'addf'), 'entity.name.function.op.mlir');
  assert.equal(await scopeOf('%0 = "onnx.Conv"(%a) : () -> ()', 'Conv'), 'entity.name.function.op.mlir');
  assert.equal(await scopeOf('{layout = "nchw"}', 'nchw'), 'string.quoted.double.mlir');
  assert.equal(await scopeOf('func.func @main() {', 'main'), 'entity.name.function.symbol.mlir');
  assert.equal(await scopeOf('%0 = arith.cmpi sge, %a, %b : i32', 'sge'), 'variable.other.enummember.mlir');
  assert.equal(await scopeOf(': tensor<4xf32>', 'f32'), 'support.type.scalar.mlir');
  assert.equal(await scopeOf(': tensor<4xf32>', '4'), 'constant.numeric.dimension.mlir');
});

test('no word of the IR of any pass goes without a scope, and every line starts outside of types', async (t) => {
  const model = path.join(await temporaryFolder(t), 'tiny.onnx');
  writeFileSync(model, buildReferenceModel('tiny-convnet'));
  const { compilation } = await compileModel({ model });
  const unknown = new Set<string>();
  for (const { text } of compilation.passes.snapshots.values()) {
    for (const tokens of await tokensOf(text)) {
      for (const { text: word, scopes } of tokens)
        if (/\w/.test(word) && scopes.length === 0) unknown.add(word.trim());
      const [first] = tokens;
      assert.ok(
        first?.scopes[0]?.startsWith('meta.type') !== true,
        `a type does not end before: ${first?.text}`,
      );
    }
  }
  assert.deepEqual([...unknown].sort(), []);
});

test('of custom assembly of many dialects every word has a scope, and no type, string or comment runs on', async () => {
  const text = readFileSync('test/dump/structures/upstream.mlir', 'utf8');
  const unknown = new Set<string>();
  for (const tokens of await tokensOf(text)) {
    for (const { text: word, scopes } of tokens)
      if (/\w/.test(word) && scopes.length === 0) unknown.add(word.trim());
    const code = tokens.find((token) => token.text.trim() !== '');
    // A line that begins an op is never the rest of a type or a string.
    if (code !== undefined && /^\s*%[\w#:]+(?:, %\w+)* = /.test(tokens.map((x) => x.text).join('')))
      assert.match(code.scopes.join(' '), /variable/, tokens.map((x) => x.text).join(''));
  }
  assert.deepEqual([...unknown].sort(), []);
});
