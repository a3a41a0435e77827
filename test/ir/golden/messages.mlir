// strata opt %s
// What the verifier and the parser say.
func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.addf %a, %b : tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ===== output
// error: STR0103 2:23: %b is used but not defined
//     %0 = arith.addf %a, %b : tensor<4xf32>
//                         ^
// -----
func.func @f(%a: f32) -> f16 {
  %0 = arith.extf %a : f32 to f16
  return %0 : f16
}
// ===== output
// error: STR0110 arith.extf: the result must be wider than f32, found f16
// -----
func.func @f(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) -> tensor<5x3xf32> {
  %0 = tensor.concat dim(0) %a, %b : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<5x3xf32>
  return %0 : tensor<5x3xf32>
}
// ===== output
// error: STR0110 tensor.concat: tensor<2x4xf32> cannot be joined to tensor<2x3xf32> along 0: dimension 1 differs
// -----
func.func @f(%a: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tensor.extract_slice %a[0, 2] [2, 3] [1, 1] : tensor<2x3xf32> to tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// ===== output
// error: STR0110 tensor.extract_slice: elements 2 to 4 of dimension 1 are outside tensor<2x3xf32>
// -----
func.func @f(%a: tensor<4x6xf32>) -> tensor<20xf32> {
  %0 = tensor.collapse_shape %a [[0, 1]] : tensor<4x6xf32> into tensor<20xf32>
  return %0 : tensor<20xf32>
}
// ===== output
// error: STR0110 tensor.collapse_shape: result 0 must be tensor<24xf32>, found tensor<20xf32>
//   also: tensor.collapse_shape: dimensions [0, 1] of tensor<4x6xf32> have 24 elements, dimension 0 of tensor<20xf32> has 20
// -----
func.func @f(%a: tensor<4xf32>, %c: f32) -> tensor<8xf32> {
  %0 = tensor.pad %a low[1] high[2] {
  ^bb0(%i: index):
    tensor.yield %c : f32
  } : tensor<4xf32> to tensor<8xf32>
  return %0 : tensor<8xf32>
}
// ===== output
// error: STR0110 tensor.pad: the result must be tensor<7xf32>, found tensor<8xf32>
// -----
#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @f(%a: tensor<4x8xf32>, %o: tensor<8xf32>) -> tensor<8xf32> {
  %0 = linalg.generic {indexing_maps = [#map, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<4x8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
// ===== output
// error: STR0110 linalg.generic: loops of extents [4, 8] reach index 3 of dimension 0 of operand 1, which is tensor<8xf32>
// -----
#map = affine_map<(d0) -> (d0)>
func.func @f(%a: tensor<4xf32>, %o: tensor<4xf16>) -> tensor<4xf16> {
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%a : tensor<4xf32>) outs(%o : tensor<4xf16>) {
  ^bb0(%in: f32, %out: f16):
    linalg.yield %in : f32
  } -> tensor<4xf16>
  return %0 : tensor<4xf16>
}
// ===== output
// error: STR0110 linalg.generic: the body yields (f32), the outputs have elements (f16)
