// strata opt %s --passes=builtin.module(func.func(lower-nn-to-linalg,canonicalize,cse,fuse-elementwise,form-dispatches,cse,dce))
// same results within 1e-5
// The bias, the sum with the input and the limits follow the convolution into its kernel.
func.func @main(%x: tensor<1x5x6x4xf32>, %w: tensor<3x3x4x4xf32>, %b: tensor<4xf32>) -> tensor<1x5x6x4xf32> {
  %0 = "nn.conv2d"(%x, %w, %b) <{dilations = array<i64: 1, 1>, layout = "nhwc_hwcf", operandSegmentSizes = array<i32: 1, 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x5x6x4xf32>, tensor<3x3x4x4xf32>, tensor<4xf32>) -> tensor<1x5x6x4xf32>
  %1 = "nn.add"(%x, %0) : (tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32>
  %2 = "nn.clip"(%1) <{max = 6.0 : f32, min = 0.0 : f32}> : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32>
  return %2 : tensor<1x5x6x4xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 + d4, d2 + d5, d6)>
#map1 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
#map2 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
module {
  func.func @main(%arg0: tensor<1x5x6x4xf32>, %arg1: tensor<3x3x4x4xf32>, %arg2: tensor<4xf32>) -> tensor<1x5x6x4xf32> {
    %0 = "dispatch.region"(%arg0, %arg1, %arg2) <{sym_name = "main_dispatch_0_conv2d_1x5x6x4x3x3x4_f32"}> ({
    ^bb0(%arg3: tensor<1x5x6x4xf32>, %arg4: tensor<3x3x4x4xf32>, %arg5: tensor<4xf32>):
      %cst = arith.constant 0.000000e+00 : f32
      %padded = tensor.pad %arg3 low[0, 1, 1, 0] high[0, 1, 1, 0] {
      ^bb0(%arg6: index, %arg7: index, %arg8: index, %arg9: index):
        tensor.yield %cst : f32
      } : tensor<1x5x6x4xf32> to tensor<1x7x8x4xf32>
      %1 = tensor.empty() : tensor<1x5x6x4xf32>
      %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32>
      %3 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %arg4 : tensor<1x7x8x4xf32>, tensor<3x3x4x4xf32>) outs(%2 : tensor<1x5x6x4xf32>) {
      ^bb0(%in: f32, %in_0: f32, %out: f32):
        %4 = arith.mulf %in, %in_0 : f32
        %5 = arith.addf %out, %4 : f32
        linalg.yield %5 : f32
      } -> tensor<1x5x6x4xf32>
      %6 = linalg.generic {indexing_maps = [#map3, #map3, affine_map<(d0, d1, d2, d3) -> (d3)>, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg3, %3, %arg5 : tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>, tensor<4xf32>) outs(%1 : tensor<1x5x6x4xf32>) {
      ^bb0(%in_1: f32, %in_2: f32, %in_3: f32, %out_0: f32):
        %7 = arith.addf %in_2, %in_3 : f32
        %8 = arith.addf %in_1, %7 : f32
        %9 = arith.maximumf %8, %cst : f32
        %cst_0 = arith.constant 6.000000e+00 : f32
        %10 = arith.minimumf %9, %cst_0 : f32
        linalg.yield %10 : f32
      } -> tensor<1x5x6x4xf32>
      "dispatch.yield"(%6) : (tensor<1x5x6x4xf32>) -> ()
    }) : (tensor<1x5x6x4xf32>, tensor<3x3x4x4xf32>, tensor<4xf32>) -> tensor<1x5x6x4xf32>
    func.return %0 : tensor<1x5x6x4xf32>
  }
}
// -----
// A result that two ops read ends its kernel; of two products that meet, the later takes the sum in.
func.func @main(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %0 = "nn.matmul"(%x, %y) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = "nn.matmul"(%y, %x) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = "nn.add"(%0, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = "nn.exp"(%0) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>
}
// ===== output
#map = affine_map<(d0, d1, d2) -> (d0, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @main(%arg0: tensor<4x4xf32>, %arg1: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
    %0 = "dispatch.region"(%arg0, %arg1) <{sym_name = "main_dispatch_0_matmul_4x4x4_f32"}> ({
    ^bb0(%arg2: tensor<4x4xf32>, %arg3: tensor<4x4xf32>):
      %cst = arith.constant 0.000000e+00 : f32
      %1 = tensor.empty() : tensor<4x4xf32>
      %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
      %3 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg2, %arg3 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%2 : tensor<4x4xf32>) {
      ^bb0(%in: f32, %in_0: f32, %out: f32):
        %4 = arith.mulf %in, %in_0 : f32
        %5 = arith.addf %out, %4 : f32
        linalg.yield %5 : f32
      } -> tensor<4x4xf32>
      "dispatch.yield"(%3) : (tensor<4x4xf32>) -> ()
    }) {fusion_refused = ["2 ops read its result, so it is written to memory"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %6 = "dispatch.region"(%0, %arg1, %arg0) <{sym_name = "main_dispatch_1_matmul_4x4x4_f32"}> ({
    ^bb0(%arg6: tensor<4x4xf32>, %arg7: tensor<4x4xf32>, %arg8: tensor<4x4xf32>):
      %cst_0 = arith.constant 0.000000e+00 : f32
      %7 = tensor.empty() : tensor<4x4xf32>
      %8 = linalg.fill ins(%cst_0 : f32) outs(%7 : tensor<4x4xf32>) -> tensor<4x4xf32>
      %9 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg7, %arg8 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%8 : tensor<4x4xf32>) {
      ^bb0(%in_1: f32, %in_2: f32, %out_0: f32):
        %10 = arith.mulf %in_1, %in_2 : f32
        %11 = arith.addf %out_0, %10 : f32
        linalg.yield %11 : f32
      } -> tensor<4x4xf32>
      %12 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%arg6, %9 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%7 : tensor<4x4xf32>) {
      ^bb0(%in_3: f32, %in_4: f32, %out_1: f32):
        %13 = arith.addf %in_3, %in_4 : f32
        linalg.yield %13 : f32
      } -> tensor<4x4xf32>
      "dispatch.yield"(%12) : (tensor<4x4xf32>) -> ()
    }) : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %14 = "dispatch.region"(%0) <{sym_name = "main_dispatch_2_elementwise_exp_4x4_f32"}> ({
    ^bb0(%arg11: tensor<4x4xf32>):
      %15 = tensor.empty() : tensor<4x4xf32>
      %16 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%arg11 : tensor<4x4xf32>) outs(%15 : tensor<4x4xf32>) {
      ^bb0(%in_5: f32, %out_2: f32):
        %17 = math.exp %in_5 : f32
        linalg.yield %17 : f32
      } -> tensor<4x4xf32>
      "dispatch.yield"(%16) : (tensor<4x4xf32>) -> ()
    }) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    func.return %6, %14 : tensor<4x4xf32>, tensor<4x4xf32>
  }
}
// -----
func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x1xf32>) -> (tensor<2x4xf32>, tensor<4x3xf32>, tensor<6xf32>) {
  %0 = "nn.concat"(%x, %y) <{axis = 1 : i64}> : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %1 = "nn.pad"(%x) <{high = array<i64: 1, 0>, low = array<i64: 1, 0>, value = 1.0 : f32}> : (tensor<2x3xf32>) -> tensor<4x3xf32>
  %2 = "nn.reshape"(%x) <{shape = array<i64: 6>}> : (tensor<2x3xf32>) -> tensor<6xf32>
  return %0, %1, %2 : tensor<2x4xf32>, tensor<4x3xf32>, tensor<6xf32>
}
// ===== output
module {
  func.func @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x1xf32>) -> (tensor<2x4xf32>, tensor<4x3xf32>, tensor<6xf32>) {
    %0 = "dispatch.region"(%arg0, %arg1) <{sym_name = "main_dispatch_0_concat_2x4_f32"}> ({
    ^bb0(%arg2: tensor<2x3xf32>, %arg3: tensor<2x1xf32>):
      %concat = tensor.concat dim(1) %arg2, %arg3 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
      "dispatch.yield"(%concat) : (tensor<2x4xf32>) -> ()
    }) : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    %1 = "dispatch.region"(%arg0) <{sym_name = "main_dispatch_1_pad_4x3_f32"}> ({
    ^bb0(%arg4: tensor<2x3xf32>):
      %cst = arith.constant 1.000000e+00 : f32
      %padded = tensor.pad %arg4 low[1, 0] high[1, 0] {
      ^bb0(%arg5: index, %arg6: index):
        tensor.yield %cst : f32
      } : tensor<2x3xf32> to tensor<4x3xf32>
      "dispatch.yield"(%padded) : (tensor<4x3xf32>) -> ()
    }) : (tensor<2x3xf32>) -> tensor<4x3xf32>
    %collapsed = tensor.collapse_shape %arg0 [[0 : i64, 1 : i64]] : tensor<2x3xf32> into tensor<6xf32>
    func.return %0, %1, %collapsed : tensor<2x4xf32>, tensor<4x3xf32>, tensor<6xf32>
  }
}
