// strata opt %s
#map = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @a(%arg0: tensor<4x8xf32>, %arg1: tensor<8xf32>, %arg2: index, %arg3: f32, %arg4: index, %arg5: memref<4x8xf32>) -> tensor<4x8xf32> {
    %0 = tensor.empty() : tensor<4x8xf32>
    %1 = linalg.generic {indexing_maps = [#map, affine_map<(d0, d1) -> (d1)>, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0, %arg1 : tensor<4x8xf32>, tensor<8xf32>) outs(%0 : tensor<4x8xf32>) attrs = {foo = 1 : i32} {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %2 = linalg.index 0 : index
      %3 = arith.addf %in, %in_0 : f32
      linalg.yield %3 : f32
    } -> tensor<4x8xf32>
    linalg.generic {doc = "hello", indexing_maps = [#map], iterator_types = ["parallel", "parallel"], library_call = "f"} outs(%arg5 : memref<4x8xf32>) {
    ^bb0(%out_0: f32):
      linalg.yield %arg3 : f32
    }
    %4:2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} outs(%arg0, %arg0 : tensor<4x8xf32>, tensor<4x8xf32>) {
    ^bb0(%out_1: f32, %out_2: f32):
      linalg.yield %out_1, %out_2 : f32, f32
    } -> (tensor<4x8xf32>, tensor<4x8xf32>)
    %5 = linalg.fill ins(%arg3 : f32) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
    linalg.fill ins(%arg3 : f32) outs(%arg5 : memref<4x8xf32>)
    %6 = tensor.empty() : tensor<8x4xf32>
    %transposed = linalg.transpose ins(%arg0 : tensor<4x8xf32>) outs(%6 : tensor<8x4xf32>) permutation = [1, 0]
    %broadcasted = linalg.broadcast ins(%arg1 : tensor<8xf32>) outs(%0 : tensor<4x8xf32>) dimensions = [0]
    %7 = tensor.empty() : tensor<4x4xf32>
    %8 = linalg.matmul ins(%arg0, %6 : tensor<4x8xf32>, tensor<8x4xf32>) outs(%7 : tensor<4x4xf32>) -> tensor<4x4xf32>
    %11 = tensor.empty() : tensor<1x9x9x3xf32>
    %12 = tensor.empty() : tensor<3x3x3x8xf32>
    %13 = tensor.empty() : tensor<1x4x4x8xf32>
    %14 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%11, %12 : tensor<1x9x9x3xf32>, tensor<3x3x3x8xf32>) outs(%13 : tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
    %17 = tensor.empty() : tensor<3x3x3xf32>
    %18 = tensor.empty() : tensor<1x7x7x3xf32>
    %19 = linalg.depthwise_conv_2d_nhwc_hwc ins(%11, %17 : tensor<1x9x9x3xf32>, tensor<3x3x3xf32>) outs(%18 : tensor<1x7x7x3xf32>) -> tensor<1x7x7x3xf32>
    func.return %1 : tensor<4x8xf32>
  }
}
