// Bundles everything that ships: the extension, the command line, the workers, the language server and the webviews → dist/.
// `node scripts/build.mjs [--production] [--watch]`; also called by the other scripts through `build()`.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Bundled CommonJS has no `import.meta`; these stand for it, so that a source file may use it in every bundle. */
const commonJsMeta = {
  banner: {
    js: 'const strata_module_url = require("node:url").pathToFileURL(__filename).href, strata_module_dir = __dirname;',
  },
  define: {
    'import.meta.url': 'strata_module_url',
    'import.meta.dirname': 'strata_module_dir',
    'import.meta.filename': '__filename',
  },
};

/** Bundled ES modules still hold CommonJS packages that call `require` of Node's own modules. */
const moduleRequire = {
  banner: {
    js: 'import { createRequire as strata_create_require } from "node:module"; const require = strata_create_require(import.meta.url);',
  },
};

const node = { platform: 'node', target: 'node20', external: ['vscode', 'onnxruntime-node'] };

/** Every bundle that may exist: output name, entry, and what differs from the shared options. */
function bundles() {
  const views = existsSync(path.join(root, 'webview'))
    ? readdirSync(path.join(root, 'webview'), { withFileTypes: true }).filter((e) => e.isDirectory())
    : [];
  return [
    { out: 'extension.cjs', entry: 'src/extension.ts', options: { ...node, format: 'cjs', ...commonJsMeta } },
    {
      out: 'cli.mjs',
      entry: 'src/cli.ts',
      // In parts, of which a command loads its own: reading all of them takes longer than most commands.
      options: { ...node, format: 'esm', ...moduleRequire, splitting: true, chunkNames: 'cli-[hash]' },
    },
    {
      out: 'dump-worker.cjs',
      entry: 'src/editor/dumpWorker.ts',
      options: { ...node, format: 'cjs', ...commonJsMeta },
    },
    {
      out: 'compile-worker.cjs',
      entry: 'src/compiler/worker.ts',
      options: { ...node, format: 'cjs', ...commonJsMeta },
    },
    {
      out: 'bisect-worker.cjs',
      entry: 'src/bisect/worker.ts',
      options: { ...node, format: 'cjs', ...commonJsMeta },
    },
    {
      out: 'query-worker.cjs',
      entry: 'src/profiler/query/queryWorker.ts',
      options: { ...node, format: 'cjs', ...commonJsMeta },
    },
    {
      out: 'trace-worker.cjs',
      entry: 'src/editor/traceWorker.ts',
      options: { ...node, format: 'cjs', ...commonJsMeta },
    },
    {
      out: 'language-server.cjs',
      entry: 'src/lsp/main.ts',
      options: { ...node, format: 'cjs', ...commonJsMeta },
    },
    ...views.map((view) => ({
      out: `webview/${view.name}.js`,
      entry: `webview/${view.name}/main.ts`,
      optional: true,
      options: { platform: 'browser', target: 'es2023', format: 'iife' },
    })),
  ];
}

/** Replaces the file in one step and only when it changed, so that a reader never sees half of it. */
function writeWhole(file, contents) {
  if (existsSync(file) && readFileSync(file).equals(contents)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, contents);
  renameSync(part, file);
}

const writeOutputs = {
  name: 'write-outputs',
  setup(build) {
    build.onEnd((result) => {
      for (const file of result.outputFiles ?? []) writeWhole(file.path, Buffer.from(file.contents));
    });
  },
};

/** Parts of a bundle that no output has any more. */
const removeOldParts = {
  name: 'remove-old-parts',
  setup(build) {
    build.onEnd((result) => {
      if (result.errors.length > 0) return;
      const made = new Set((result.outputFiles ?? []).map((file) => path.basename(file.path)));
      for (const name of readdirSync(path.join(root, 'dist')))
        if (/^cli-[A-Z0-9]+\.mjs(\.map)?$/.test(name) && !made.has(name))
          rmSync(path.join(root, 'dist', name), { force: true });
    });
  },
};

function copyCodicons() {
  const from = path.join(root, 'node_modules/@vscode/codicons/dist');
  for (const name of ['codicon.css', 'codicon.ttf']) {
    if (existsSync(path.join(from, name)))
      writeWhole(path.join(root, 'dist/webview', name), readFileSync(path.join(from, name)));
  }
}

/** The database engine of trace queries. Too large to read and compare with each build, so its time stamp tells. */
function copyQueryEngine() {
  const from = path.join(root, 'node_modules/@duckdb/duckdb-wasm/dist/duckdb-eh.wasm');
  const to = path.join(root, 'dist/duckdb-eh.wasm');
  if (!existsSync(from)) return;
  const { size, mtime } = statSync(from);
  if (existsSync(to) && statSync(to).size === size && statSync(to).mtimeMs === mtime.getTime()) return;
  mkdirSync(path.dirname(to), { recursive: true });
  const part = `${to}.${process.pid}.part`;
  copyFileSync(from, part);
  utimesSync(part, mtime, mtime);
  renameSync(part, to);
}

/**
 * Builds every bundle whose entry exists. Throws esbuild's BuildFailure when one of them does not build.
 * @param {{production?: boolean, watch?: boolean, quiet?: boolean}} [choices]
 */
export async function build({ production = false, watch = false, quiet = false } = {}) {
  const esbuild = await import('esbuild');
  const contexts = [];
  for (const bundle of bundles()) {
    const entry = path.join(root, bundle.entry);
    if (!existsSync(entry)) {
      if (!quiet && !bundle.optional)
        console.log(`build: ${bundle.entry} is not there; dist/${bundle.out} skipped`);
      continue;
    }
    contexts.push({
      absWorkingDir: root,
      entryPoints: [entry],
      ...(bundle.options.splitting === true
        ? {
            outdir: path.join(root, 'dist'),
            outExtension: { '.js': path.extname(bundle.out) },
            plugins: [writeOutputs, removeOldParts],
          }
        : { outfile: path.join(root, 'dist', bundle.out), plugins: [writeOutputs] }),
      bundle: true,
      write: false,
      minify: production,
      // Readable names in the stacks that people send in.
      keepNames: production,
      sourcemap: production ? false : 'linked',
      legalComments: production ? 'eof' : 'none',
      logLevel: quiet ? 'silent' : 'warning',
      // `.min.js`: workers of packages, as text.
      loader: { '.ttf': 'file', '.svg': 'dataurl', '.wasm': 'file', '.min.js': 'text' },
      assetNames: '[name]',
      ...bundle.options,
      define: {
        'process.env.NODE_ENV': production ? '"production"' : '"development"',
        ...bundle.options.define,
      },
    });
  }
  copyCodicons();
  copyQueryEngine();
  if (watch) {
    for (const options of contexts) await (await esbuild.context(options)).watch();
    console.log('build: watching');
    return;
  }
  const results = await Promise.allSettled(contexts.map((options) => esbuild.build(options)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  if (!quiet) console.log(`build: ${contexts.length} bundles in dist${production ? ' (production)' : ''}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const known = ['--production', '--watch'];
  const unknown = process.argv.slice(2).filter((flag) => !known.includes(flag));
  if (unknown.length > 0) {
    console.error(`build: unknown option ${unknown.join(' ')}; known: ${known.join(' ')}`);
    process.exit(2);
  }
  await build({
    production: process.argv.includes('--production'),
    watch: process.argv.includes('--watch'),
  }).catch(() => process.exit(1)); // esbuild has printed what is wrong
}
