// strata opt %s --passes=func.func(channels-last,dce)
// same results within 1e-6
module {
  func.func @enlarged(%arg0: tensor<1x2x2x3xf32>) -> tensor<1x2x4x6xf32> {
    %w = arith.constant dense<[[[[2.0]], [[1.0]]], [[[-1.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>
    %i = arith.constant dense<[2, 0, 0, 1, 1, 0]> : tensor<6xi64>
    %0 = "nn.conv2d"(%arg0, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x2x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x2x3xf32>
    %1 = "nn.reshape"(%0) <{shape = array<i64: 1, 2, 2, 1, 3>}> : (tensor<1x2x2x3xf32>) -> tensor<1x2x2x1x3xf32>
    %2 = "nn.broadcast"(%1) <{shape = array<i64: 1, 1, 1, 2, 1>}> : (tensor<1x2x2x1x3xf32>) -> tensor<1x2x2x2x3xf32>
    %3 = "nn.reshape"(%2) <{shape = array<i64: 1, 2, 4, 3>}> : (tensor<1x2x2x2x3xf32>) -> tensor<1x2x4x3xf32>
    %4 = "nn.gather"(%3, %i) <{axis = 3 : i64}> : (tensor<1x2x4x3xf32>, tensor<6xi64>) -> tensor<1x2x4x6xf32>
    %5 = "nn.conv2d"(%4, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x6xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x6xf32>
    func.return %5 : tensor<1x2x4x6xf32>
  }
}
// ===== output
module {
  func.func @enlarged(%arg0: tensor<1x2x2x3xf32>) -> tensor<1x2x4x6xf32> {
    %cst = arith.constant dense<[2, 0, 0, 1, 1, 0]> : tensor<6xi64>
    %0 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x2x2x3xf32>) -> tensor<1x2x3x2xf32>
    %transpose = arith.constant dense_resource<transpose> : tensor<1x1x2x2xf32>
    %1 = "nn.conv2d"(%0, %transpose) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nhwc_hwcf", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x3x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x2x3x2xf32>
    %2 = "nn.reshape"(%1) <{shape = array<i64: 1, 2, 1, 3, 2>}> : (tensor<1x2x3x2xf32>) -> tensor<1x2x1x3x2xf32>
    %3 = "nn.broadcast"(%2) <{shape = array<i64: 1, 1, 2, 1, 1>}> : (tensor<1x2x1x3x2xf32>) -> tensor<1x2x2x3x2xf32>
    %4 = "nn.reshape"(%3) <{shape = array<i64: 1, 4, 3, 2>}> : (tensor<1x2x2x3x2xf32>) -> tensor<1x4x3x2xf32>
    %5 = "nn.gather"(%4, %cst) <{axis = 2 : i64}> : (tensor<1x4x3x2xf32>, tensor<6xi64>) -> tensor<1x4x6x2xf32>
    %transpose_0 = arith.constant dense_resource<transpose> : tensor<1x1x2x2xf32>
    %6 = "nn.conv2d"(%5, %transpose_0) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nhwc_hwcf", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x4x6x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x4x6x2xf32>
    %7 = "nn.transpose"(%6) <{permutation = array<i64: 0, 3, 1, 2>}> : (tensor<1x4x6x2xf32>) -> tensor<1x2x4x6xf32>
    func.return %7 : tensor<1x2x4x6xf32>
  }
}
