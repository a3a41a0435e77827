// `npm test`: installs what the tests need, runs the rings and closes with one line over all of them.
// `node scripts/test.mjs [static|unit|integration|e2e]… [filter…] [--name REGEX]`; a filter is a part of a test file's path.

import process from 'node:process';

/** In the order of a full run: what fails soonest comes first. */
const rings = ['static', 'unit', 'integration', 'e2e'];

async function runRing(ring, choices) {
  switch (ring) {
    case 'static':
      return (await import('./rings/static.mjs')).staticChecks(choices);
    case 'unit':
      return (await import('./rings/unit.mjs')).unit(choices);
    case 'integration':
      return (await import('./rings/integration.mjs')).integration(choices);
    case 'e2e':
      return (await import('./rings/e2e.mjs')).e2e(choices);
  }
  throw new Error(`no ring '${ring}'`);
}

function parseArguments(argv) {
  const chosen = [];
  const filters = [];
  let name;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i];
    if (argument === '--name') name = argv[++i];
    else if (argument.startsWith('--')) {
      console.error(
        `test: unknown option ${argument}; usage: test [${rings.join('|')}]… [filter…] [--name REGEX]`,
      );
      process.exit(2);
    } else if (rings.includes(argument)) chosen.push(argument);
    else filters.push(argument);
  }
  // A filter alone means unit tests; the other rings take it when they are named.
  const all = filters.length > 0 || name !== undefined ? ['unit'] : rings;
  return { chosen: chosen.length > 0 ? chosen : all, filters, name };
}

const { chosen, filters, name } = parseArguments(process.argv.slice(2));
process.env.STRATA_SEED ??= '1';
console.log(`seed ${process.env.STRATA_SEED} (STRATA_SEED)`);

const { installForTests } = await import('./install.mjs');
installForTests(chosen);

const total = { passed: 0, failed: 0, skipped: 0 };
for (const ring of chosen) {
  console.log(`\n== ${ring}`);
  const started = performance.now();
  let result;
  try {
    result = await runRing(ring, { filters, name });
  } catch (error) {
    console.log(`✗ ${ring} ring: ${error?.stack ?? error}`);
    result = { passed: 0, failed: 1, skipped: 0 };
  }
  if (result.passed + result.failed + result.skipped === 0) {
    console.log(`✗ ${ring} ring ran nothing${filters.length > 0 ? ` for ${filters.join(' ')}` : ''}`);
    result.failed += 1;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`== ${ring}: ${result.passed} of ${result.passed + result.failed} passed in ${seconds} s`);
  for (const kind of Object.keys(total)) total[kind] += result[kind];
}
console.log('');
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed > 0 ? 1 : 0);
