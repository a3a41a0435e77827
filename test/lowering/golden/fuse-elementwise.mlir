// strata opt %s --passes=builtin.module(func.func(lower-nn-to-linalg,canonicalize,cse,fuse-elementwise,canonicalize,cse,dce))
// same results within 1e-5
func.func @chain(%x: tensor<4x6xf32>, %y: tensor<6xf32>) -> tensor<4x6xf32> {
  %c = arith.constant dense<3.0> : tensor<f32>
  %0 = "nn.add"(%x, %y) : (tensor<4x6xf32>, tensor<6xf32>) -> tensor<4x6xf32>
  %1 = "nn.clip"(%0) <{max = 6.0 : f32, min = 0.0 : f32}> : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %2 = "nn.mul"(%1, %c) : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  return %2 : tensor<4x6xf32>
}
// ===== output
#map = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @chain(%arg0: tensor<4x6xf32>, %arg1: tensor<6xf32>) -> tensor<4x6xf32> {
    %0 = tensor.empty() : tensor<4x6xf32>
    %1 = linalg.generic {indexing_maps = [#map, affine_map<(d0, d1) -> (d1)>, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0, %arg1 : tensor<4x6xf32>, tensor<6xf32>) outs(%0 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %2 = arith.addf %in, %in_0 : f32
      %cst = arith.constant 0.000000e+00 : f32
      %3 = arith.maximumf %2, %cst : f32
      %cst_0 = arith.constant 6.000000e+00 : f32
      %4 = arith.minimumf %3, %cst_0 : f32
      %cst_1 = arith.constant 3.000000e+00 : f32
      %5 = arith.mulf %4, %cst_1 : f32
      linalg.yield %5 : f32
    } -> tensor<4x6xf32>
    func.return %1 : tensor<4x6xf32>
  }
}
// -----
// The sum of squares reads each square once, so squares are computed on the way.
func.func @into_reduction(%x: tensor<4x6xf32>) -> tensor<4xf32> {
  %0 = "nn.mul"(%x, %x) : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %1 = "nn.reduce_sum"(%0) <{axes = array<i64: 1>, keepdims = false}> : (tensor<4x6xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// ===== output
#map = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @into_reduction(%arg0: tensor<4x6xf32>) -> tensor<4xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
    %2 = linalg.generic {indexing_maps = [#map, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<4x6xf32>) outs(%1 : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %3 = arith.mulf %in, %in : f32
      %4 = arith.addf %out, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<4xf32>
    func.return %2 : tensor<4xf32>
  }
}
// -----
// A product would read each exponential once per column.
func.func @refused(%x: tensor<4x6xf32>, %y: tensor<6x3xf32>) -> tensor<4x3xf32> {
  %0 = "nn.exp"(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %1 = "nn.matmul"(%0, %y) : (tensor<4x6xf32>, tensor<6x3xf32>) -> tensor<4x3xf32>
  return %1 : tensor<4x3xf32>
}
// ===== output
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1)>
module {
  func.func @refused(%arg0: tensor<4x6xf32>, %arg1: tensor<6x3xf32>) -> tensor<4x3xf32> {
    %0 = tensor.empty() : tensor<4x6xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0 : tensor<4x6xf32>) outs(%0 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %2 = math.exp %in : f32
      linalg.yield %2 : f32
    } -> tensor<4x6xf32>
    %cst = arith.constant 0.000000e+00 : f32
    %3 = tensor.empty() : tensor<4x3xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %5 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%1, %arg1 : tensor<4x6xf32>, tensor<6x3xf32>) outs(%4 : tensor<4x3xf32>) attrs = {fusion_refused = ["each element of 'exp' would be computed 3 times"]} {
    ^bb0(%in_0: f32, %in_1: f32, %out_0: f32):
      %6 = arith.mulf %in_0, %in_1 : f32
      %7 = arith.addf %out_0, %6 : f32
      linalg.yield %7 : f32
    } -> tensor<4x3xf32>
    func.return %5 : tensor<4x3xf32>
  }
}
// -----
// A transpose is only another way to read, but not where rows would be torn apart.
func.func @transposes(%x: tensor<6x4xf32>, %y: tensor<3x6xf32>) -> tensor<4x3xf32> {
  %0 = "nn.transpose"(%x) <{permutation = array<i64: 1, 0>}> : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %1 = "nn.transpose"(%y) <{permutation = array<i64: 1, 0>}> : (tensor<3x6xf32>) -> tensor<6x3xf32>
  %2 = "nn.matmul"(%0, %1) : (tensor<4x6xf32>, tensor<6x3xf32>) -> tensor<4x3xf32>
  return %2 : tensor<4x3xf32>
}
// ===== output
#map = affine_map<(d0, d1) -> (d1, d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d2, d0)>
#map3 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map4 = affine_map<(d0, d1, d2) -> (d0, d1)>
module {
  func.func @transposes(%arg0: tensor<6x4xf32>, %arg1: tensor<3x6xf32>) -> tensor<4x3xf32> {
    %0 = tensor.empty() : tensor<6x3xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel"]} ins(%arg1 : tensor<3x6xf32>) outs(%0 : tensor<6x3xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x3xf32>
    %cst = arith.constant 0.000000e+00 : f32
    %2 = tensor.empty() : tensor<4x3xf32>
    %3 = linalg.fill ins(%cst : f32) outs(%2 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %4 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %1 : tensor<6x4xf32>, tensor<6x3xf32>) outs(%3 : tensor<4x3xf32>) attrs = {fusion_refused = ["the copy makes the rows that the loops read contiguous"]} {
    ^bb0(%in_0: f32, %in_1: f32, %out_0: f32):
      %5 = arith.mulf %in_0, %in_1 : f32
      %6 = arith.addf %out_0, %5 : f32
      linalg.yield %6 : f32
    } -> tensor<4x3xf32>
    func.return %4 : tensor<4x3xf32>
  }
}
// -----
// The activation moves in front of the reshape.
func.func @reshape_between(%x: tensor<4x6xf32>, %w: tensor<6x6xf32>, %b: tensor<3xf32>) -> tensor<4x2x3xf32> {
  %0 = "nn.matmul"(%x, %w) : (tensor<4x6xf32>, tensor<6x6xf32>) -> tensor<4x6xf32>
  %1 = "nn.reshape"(%0) <{shape = array<i64: 4, 2, 3>}> : (tensor<4x6xf32>) -> tensor<4x2x3xf32>
  %2 = "nn.relu"(%1) : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  return %2 : tensor<4x2x3xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2) -> (d0, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @reshape_between(%arg0: tensor<4x6xf32>, %arg1: tensor<6x6xf32>, %arg2: tensor<3xf32>) -> tensor<4x2x3xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x6xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<4x6xf32>) -> tensor<4x6xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1 : tensor<4x6xf32>, tensor<6x6xf32>) outs(%1 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %3 = arith.mulf %in, %in_0 : f32
      %4 = arith.addf %out, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<4x6xf32>
    %5 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%2 : tensor<4x6xf32>) outs(%0 : tensor<4x6xf32>) {
    ^bb0(%in_1: f32, %out_0: f32):
      %6 = arith.maximumf %in_1, %cst : f32
      linalg.yield %6 : f32
    } -> tensor<4x6xf32>
    %expanded = tensor.expand_shape %5 [[0 : i64], [1 : i64, 2 : i64]] output_shape [4, 2, 3] : tensor<4x6xf32> into tensor<4x2x3xf32>
    func.return %expanded : tensor<4x2x3xf32>
  }
}
// -----
// Both sides of the sum have a producer, behind a reshape one of them: the reshape stays, as it could be moved to and fro.
func.func @reshape_of_one_side(%x: tensor<3x4xf32>, %y: tensor<3x1xf32>, %z: tensor<1x1xf32>) -> tensor<3x1xf32> {
  %0 = "nn.reduce_sum"(%x) <{axes = array<i64: 1>, keepdims = true}> : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %1 = "nn.matmul"(%y, %z) : (tensor<3x1xf32>, tensor<1x1xf32>) -> tensor<3x1xf32>
  %2 = "nn.add"(%1, %0) : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  return %2 : tensor<3x1xf32>
}
// ===== output
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1)>
module {
  func.func @reshape_of_one_side(%arg0: tensor<3x4xf32>, %arg1: tensor<3x1xf32>, %arg2: tensor<1x1xf32>) -> tensor<3x1xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<3xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<3xf32>) -> tensor<3xf32>
    %2 = linalg.generic {indexing_maps = [#map, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<3x4xf32>) outs(%1 : tensor<3xf32>) {
    ^bb0(%in: f32, %out: f32):
      %3 = arith.addf %out, %in : f32
      linalg.yield %3 : f32
    } -> tensor<3xf32>
    %expanded = tensor.expand_shape %2 [[0 : i64, 1 : i64]] output_shape [3, 1] : tensor<3xf32> into tensor<3x1xf32>
    %4 = tensor.empty() : tensor<3x1xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<3x1xf32>) -> tensor<3x1xf32>
    %6 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg1, %arg2 : tensor<3x1xf32>, tensor<1x1xf32>) outs(%5 : tensor<3x1xf32>) {
    ^bb0(%in_0: f32, %in_1: f32, %out_0: f32):
      %7 = arith.mulf %in_0, %in_1 : f32
      %8 = arith.addf %out_0, %7 : f32
      linalg.yield %8 : f32
    } -> tensor<3x1xf32>
    %9 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%6, %expanded : tensor<3x1xf32>, tensor<3x1xf32>) outs(%4 : tensor<3x1xf32>) {
    ^bb0(%in_2: f32, %in_3: f32, %out_1: f32):
      %10 = arith.addf %in_2, %in_3 : f32
      linalg.yield %10 : f32
    } -> tensor<3x1xf32>
    func.return %9 : tensor<3x1xf32>
  }
}
