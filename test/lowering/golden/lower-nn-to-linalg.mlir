// strata opt %s --passes=builtin.module(func.func(lower-nn-to-linalg))
// same results within 1e-5
func.func @convolution(%x: tensor<1x5x6x3xf32>, %w: tensor<3x3x3x4xf32>, %b: tensor<4xf32>) -> tensor<1x3x3x4xf32> {
  %0 = "nn.conv2d"(%x, %w, %b) <{dilations = array<i64: 1, 1>, layout = "nhwc_hwcf", operandSegmentSizes = array<i32: 1, 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}> : (tensor<1x5x6x3xf32>, tensor<3x3x3x4xf32>, tensor<4xf32>) -> tensor<1x3x3x4xf32>
  return %0 : tensor<1x3x3x4xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d4, d2 * 2 + d5, d6)>
#map1 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
#map2 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
module {
  func.func @convolution(%arg0: tensor<1x5x6x3xf32>, %arg1: tensor<3x3x3x4xf32>, %arg2: tensor<4xf32>) -> tensor<1x3x3x4xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %padded = tensor.pad %arg0 low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%arg3: index, %arg4: index, %arg5: index, %arg6: index):
      tensor.yield %cst : f32
    } : tensor<1x5x6x3xf32> to tensor<1x7x8x3xf32>
    %cst_0 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<1x3x3x4xf32>
    %1 = linalg.fill ins(%cst_0 : f32) outs(%0 : tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %arg1 : tensor<1x7x8x3xf32>, tensor<3x3x3x4xf32>) outs(%1 : tensor<1x3x3x4xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %3 = arith.mulf %in, %in_0 : f32
      %4 = arith.addf %out, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<1x3x3x4xf32>
    %5 = tensor.empty() : tensor<1x3x3x4xf32>
    %6 = linalg.generic {indexing_maps = [#map3, affine_map<(d0, d1, d2, d3) -> (d3)>, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2, %arg2 : tensor<1x3x3x4xf32>, tensor<4xf32>) outs(%5 : tensor<1x3x3x4xf32>) {
    ^bb0(%in_1: f32, %in_2: f32, %out_0: f32):
      %7 = arith.addf %in_1, %in_2 : f32
      linalg.yield %7 : f32
    } -> tensor<1x3x3x4xf32>
    func.return %6 : tensor<1x3x3x4xf32>
  }
}
// -----
func.func @depthwise(%x: tensor<1x5x5x4xf32>, %w: tensor<3x3x1x4xf32>) -> tensor<1x3x3x4xf32> {
  %0 = "nn.conv2d"(%x, %w) <{dilations = array<i64: 1, 1>, groups = 4 : i64, layout = "nhwc_hwcf", operandSegmentSizes = array<i32: 1, 1, 0>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x5x5x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x3x3x4xf32>
  return %0 : tensor<1x3x3x4xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>
#map1 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>
#map2 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
module {
  func.func @depthwise(%arg0: tensor<1x5x5x4xf32>, %arg1: tensor<3x3x1x4xf32>) -> tensor<1x3x3x4xf32> {
    %collapsed = tensor.collapse_shape %arg1 [[0 : i64], [1 : i64], [2 : i64, 3 : i64]] : tensor<3x3x1x4xf32> into tensor<3x3x4xf32>
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<1x3x3x4xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%arg0, %collapsed : tensor<1x5x5x4xf32>, tensor<3x3x4xf32>) outs(%1 : tensor<1x3x3x4xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %3 = arith.mulf %in, %in_0 : f32
      %4 = arith.addf %out, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<1x3x3x4xf32>
    func.return %2 : tensor<1x3x3x4xf32>
  }
}
// -----
func.func @max_pool(%x: tensor<1x2x5x5xf32>) -> tensor<1x2x3x3xf32> {
  %0 = "nn.max_pool2d"(%x) <{dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}> : (tensor<1x2x5x5xf32>) -> tensor<1x2x3x3xf32>
  return %0 : tensor<1x2x3x3xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2 * 2 + d4, d3 * 2 + d5)>
#map1 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
#map2 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
module {
  func.func @max_pool(%arg0: tensor<1x2x5x5xf32>) -> tensor<1x2x3x3xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %padded = tensor.pad %arg0 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<1x2x5x5xf32> to tensor<1x2x7x7xf32>
    %0 = tensor.empty() : tensor<3x3xf32>
    %cst_0 = arith.constant 0xFF800000 : f32
    %1 = tensor.empty() : tensor<1x2x3x3xf32>
    %2 = linalg.fill ins(%cst_0 : f32) outs(%1 : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%padded, %0 : tensor<1x2x7x7xf32>, tensor<3x3xf32>) outs(%2 : tensor<1x2x3x3xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %4 = arith.maximumf %out, %in : f32
      linalg.yield %4 : f32
    } -> tensor<1x2x3x3xf32>
    func.return %3 : tensor<1x2x3x3xf32>
  }
}
// -----
func.func @average_without_padding(%x: tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32> {
  %0 = "nn.average_pool2d"(%x) <{dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, layout = "nhwc", pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  return %0 : tensor<1x2x2x2xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d4, d2 * 2 + d5, d3)>
#map1 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
#map2 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
module {
  func.func @average_without_padding(%arg0: tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %padded = tensor.pad %arg0 low[0, 1, 1, 0] high[0, 0, 0, 0] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<1x4x4x2xf32> to tensor<1x5x5x2xf32>
    %0 = tensor.empty() : tensor<3x3xf32>
    %cst_0 = arith.constant 0.000000e+00 : f32
    %1 = tensor.empty() : tensor<1x2x2x2xf32>
    %2 = linalg.fill ins(%cst_0 : f32) outs(%1 : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%padded, %0 : tensor<1x5x5x2xf32>, tensor<3x3xf32>) outs(%2 : tensor<1x2x2x2xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %4 = arith.addf %out, %in : f32
      linalg.yield %4 : f32
    } -> tensor<1x2x2x2xf32>
    %cst_1 = arith.constant dense<[2.000000e+00, 3.000000e+00]> : tensor<2xf32>
    %cst_2 = arith.constant dense<[2.000000e+00, 3.000000e+00]> : tensor<2xf32>
    %5 = tensor.empty() : tensor<1x2x2x2xf32>
    %6 = linalg.generic {indexing_maps = [#map3, affine_map<(d0, d1, d2, d3) -> (d1)>, affine_map<(d0, d1, d2, d3) -> (d2)>, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%3, %cst_1, %cst_2 : tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%5 : tensor<1x2x2x2xf32>) {
    ^bb0(%in_1: f32, %in_2: f32, %in_3: f32, %out_0: f32):
      %7 = arith.mulf %in_2, %in_3 : f32
      %8 = arith.divf %in_1, %7 : f32
      linalg.yield %8 : f32
    } -> tensor<1x2x2x2xf32>
    func.return %6 : tensor<1x2x2x2xf32>
  }
}
// -----
func.func @broadcasting(%x: tensor<2x3x4xf32>, %y: tensor<3x1xf32>) -> tensor<2x3x4xf32> {
  %0 = "nn.add"(%x, %y) : (tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d1, 0)>
module {
  func.func @broadcasting(%arg0: tensor<2x3x4xf32>, %arg1: tensor<3x1xf32>) -> tensor<2x3x4xf32> {
    %0 = tensor.empty() : tensor<2x3x4xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0, %arg1 : tensor<2x3x4xf32>, tensor<3x1xf32>) outs(%0 : tensor<2x3x4xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %2 = arith.addf %in, %in_0 : f32
      linalg.yield %2 : f32
    } -> tensor<2x3x4xf32>
    func.return %1 : tensor<2x3x4xf32>
  }
}
// -----
func.func @product(%x: tensor<2x1x3x4xf32>, %y: tensor<5x4x2xf32>) -> tensor<2x5x3x2xf32> {
  %0 = "nn.matmul"(%x, %y) : (tensor<2x1x3x4xf32>, tensor<5x4x2xf32>) -> tensor<2x5x3x2xf32>
  return %0 : tensor<2x5x3x2xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2, d3, d4) -> (d0, 0, d2, d4)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d1, d4, d3)>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
module {
  func.func @product(%arg0: tensor<2x1x3x4xf32>, %arg1: tensor<5x4x2xf32>) -> tensor<2x5x3x2xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x5x3x2xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<2x5x3x2xf32>) -> tensor<2x5x3x2xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%arg0, %arg1 : tensor<2x1x3x4xf32>, tensor<5x4x2xf32>) outs(%1 : tensor<2x5x3x2xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %3 = arith.mulf %in, %in_0 : f32
      %4 = arith.addf %out, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<2x5x3x2xf32>
    func.return %2 : tensor<2x5x3x2xf32>
  }
}
// -----
func.func @half_precision_sums_in_single(%x: tensor<3x4xf16>, %y: tensor<4x2xf16>) -> tensor<3x2xf16> {
  %0 = "nn.matmul"(%x, %y) : (tensor<3x4xf16>, tensor<4x2xf16>) -> tensor<3x2xf16>
  return %0 : tensor<3x2xf16>
}
// ===== output
#map = affine_map<(d0, d1, d2) -> (d0, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @half_precision_sums_in_single(%arg0: tensor<3x4xf16>, %arg1: tensor<4x2xf16>) -> tensor<3x2xf16> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<3x2xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<3x2xf32>) -> tensor<3x2xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1 : tensor<3x4xf16>, tensor<4x2xf16>) outs(%1 : tensor<3x2xf32>) {
    ^bb0(%in: f16, %in_0: f16, %out: f32):
      %3 = arith.extf %in : f16 to f32
      %4 = arith.extf %in_0 : f16 to f32
      %5 = arith.mulf %3, %4 : f32
      %6 = arith.addf %out, %5 : f32
      linalg.yield %6 : f32
    } -> tensor<3x2xf32>
    %7 = tensor.empty() : tensor<3x2xf16>
    %8 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%2 : tensor<3x2xf32>) outs(%7 : tensor<3x2xf16>) {
    ^bb0(%in_1: f32, %out_0: f16):
      %9 = arith.truncf %in_1 : f32 to f16
      linalg.yield %9 : f16
    } -> tensor<3x2xf16>
    func.return %8 : tensor<3x2xf16>
  }
}
// -----
func.func @all_that_is_missing(%x: tensor<4x2xf32>, %i: tensor<3xi64>, %d: tensor<?x2xf32>) -> tensor<3x2xf32> {
  %0 = "nn.gather"(%x, %i) <{axis = 0 : i64}> : (tensor<4x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  %1 = "nn.relu"(%d) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<3x2xf32>
}
// ===== output
// error: STR0501 nn.relu: tensor<?x2xf32> has a size that is not known when compiling. Give sizes that are not known a value, or rewrite these nodes when exporting the model.
