/** A log of four passes on two functions, as `mlir-opt` prints it, for the tests of views. */
const marker = (pass: string, argument: string): string =>
  `// -----// IR Dump After ${pass} (${argument}) //----- //\n`;
const f = (body: readonly string[]): string =>
  `func.func @attention(%q: tensor<128x64xf32>, %k: tensor<64x128xf32>) -> tensor<128x128xf32> {\n${body.map((l) => `  ${l}\n`).join('')}}\n\n`;
const g = `func.func @bias_and_rectify_of_a_projection_with_a_long_name(%a: tensor<128xf32>) -> tensor<128xf32> {\n  return %a : tensor<128xf32>\n}\n\n`;
const type = 'tensor<128x128xf32>';
const fill = [
  '%cst = arith.constant 0.000000e+00 : f32',
  `%0 = tensor.empty() : ${type}`,
  `%1 = linalg.fill ins(%cst : f32) outs(%0 : ${type}) -> ${type}`,
];
const matmul = `%2 = linalg.matmul ins(%q, %k : tensor<128x64xf32>, tensor<64x128xf32>) outs(%1 : ${type}) -> ${type}`;
const tiled = [
  '%c0 = arith.constant 0 : index',
  '%c32 = arith.constant 32 : index',
  '%c128 = arith.constant 128 : index',
  `%2 = scf.for %i = %c0 to %c128 step %c32 iter_args(%acc = %1) -> (${type}) {`,
  `  %3 = "kernel.tile"(%q, %k, %acc, %i) : (tensor<128x64xf32>, tensor<64x128xf32>, ${type}, index) -> ${type}`,
  `  scf.yield %3 : ${type}`,
  '}',
];
const end = `return %2 : ${type}`;

export const passesLog =
  marker('Canonicalizer', 'canonicalize') +
  f([...fill, '%unused = arith.constant 1 : index', matmul, end]) +
  marker('Canonicalizer', 'canonicalize') +
  g +
  marker('CSE', 'cse') +
  f([...fill, matmul, end]) +
  marker('CSE', 'cse') +
  g +
  marker('SCFTile', 'tile') +
  f([...fill, ...tiled, end]) +
  marker('SCFTile', 'tile') +
  g +
  marker('LoopInvariantCodeMotion', 'loop-invariant-code-motion') +
  f([...fill, ...tiled, end]) +
  marker('LoopInvariantCodeMotion', 'loop-invariant-code-motion') +
  g;
