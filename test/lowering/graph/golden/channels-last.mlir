// strata opt %s --passes=func.func(channels-last,dce)
// same results within 1e-6
module {
  func.func @residual(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x2xf32> {
    %w = arith.constant dense<[[[[2.0]], [[1.0]]], [[[-1.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>
    %c = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
    %0 = "nn.conv2d"(%arg0, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %1 = "nn.relu"(%0) : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %2 = "nn.conv2d"(%1, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %3 = "nn.add"(%1, %2) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %4 = "nn.mul"(%3, %c) : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %5 = "nn.max_pool2d"(%4) <{dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32>
    %6 = "nn.reduce_mean"(%5) <{axes = array<i64: 2, 3>, keepdims = true}> : (tensor<1x2x2x2xf32>) -> tensor<1x2x1x1xf32>
    %7 = "nn.reshape"(%6) <{shape = array<i64: 1, 2>}> : (tensor<1x2x1x1xf32>) -> tensor<1x2xf32>
    func.return %7 : tensor<1x2xf32>
  }
}
// ===== output
module {
  func.func @residual(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x2xf32> {
    %0 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
    %transpose = arith.constant dense_resource<transpose> : tensor<1x1x2x2xf32>
    %1 = "nn.conv2d"(%0, %transpose) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nhwc_hwcf", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x4x4x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x4x4x2xf32>
    %2 = "nn.relu"(%1) : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    %transpose_0 = arith.constant dense_resource<transpose> : tensor<1x1x2x2xf32>
    %3 = "nn.conv2d"(%2, %transpose_0) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nhwc_hwcf", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x4x4x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x4x4x2xf32>
    %4 = "nn.add"(%2, %3) : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    %reshape.transpose = arith.constant dense_resource<reshape.transpose> : tensor<1x1x1x2xf32>
    %5 = "nn.mul"(%4, %reshape.transpose) : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
    %6 = "nn.max_pool2d"(%5) <{dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, layout = "nhwc", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
    %7 = "nn.reduce_mean"(%6) <{axes = array<i64: 1, 2>, keepdims = true}> : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
    %8 = "nn.reshape"(%7) <{shape = array<i64: 1, 2>}> : (tensor<1x1x1x2xf32>) -> tensor<1x2xf32>
    func.return %8 : tensor<1x2xf32>
  }
}
// -----
module {
  func.func @squeeze_and_excite(%arg0: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
    %w = arith.constant dense<[[[[2.0]], [[1.0]]], [[[-1.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>
    %0 = "nn.conv2d"(%arg0, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<?x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x4x4xf32>
    %1 = "nn.reduce_mean"(%0) <{axes = array<i64: 2, 3>, keepdims = true}> : (tensor<?x2x4x4xf32>) -> tensor<?x2x1x1xf32>
    %2 = "nn.conv2d"(%1, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<?x2x1x1xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x1x1xf32>
    %3 = "nn.sigmoid"(%2) : (tensor<?x2x1x1xf32>) -> tensor<?x2x1x1xf32>
    %4 = "nn.mul"(%0, %3) : (tensor<?x2x4x4xf32>, tensor<?x2x1x1xf32>) -> tensor<?x2x4x4xf32>
    func.return %4 : tensor<?x2x4x4xf32>
  }
}
// ===== output
module {
  func.func @squeeze_and_excite(%arg0: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
    %0 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<?x2x4x4xf32>) -> tensor<?x4x4x2xf32>
    %transpose = arith.constant dense_resource<transpose> : tensor<1x1x2x2xf32>
    %1 = "nn.conv2d"(%0, %transpose) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nhwc_hwcf", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<?x4x4x2xf32>, tensor<1x1x2x2xf32>) -> tensor<?x4x4x2xf32>
    %2 = "nn.reduce_mean"(%1) <{axes = array<i64: 1, 2>, keepdims = true}> : (tensor<?x4x4x2xf32>) -> tensor<?x1x1x2xf32>
    %transpose_0 = arith.constant dense_resource<transpose> : tensor<1x1x2x2xf32>
    %3 = "nn.conv2d"(%2, %transpose_0) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nhwc_hwcf", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<?x1x1x2xf32>, tensor<1x1x2x2xf32>) -> tensor<?x1x1x2xf32>
    %4 = "nn.sigmoid"(%3) : (tensor<?x1x1x2xf32>) -> tensor<?x1x1x2xf32>
    %5 = "nn.mul"(%1, %4) : (tensor<?x4x4x2xf32>, tensor<?x1x1x2xf32>) -> tensor<?x4x4x2xf32>
    %6 = "nn.transpose"(%5) <{permutation = array<i64: 0, 3, 1, 2>}> : (tensor<?x4x4x2xf32>) -> tensor<?x2x4x4xf32>
    func.return %6 : tensor<?x2x4x4xf32>
  }
}
// -----
module {
  func.func @channel_shuffle(%arg0: tensor<1x4x3x3xf32>, %arg1: tensor<4x1x3x3xf32>) -> tensor<1x4x3x3xf32> {
    %0 = "nn.conv2d"(%arg0, %arg1) <{dilations = array<i64: 1, 1>, groups = 4 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x4x3x3xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x3x3xf32>
    %1 = "nn.reshape"(%0) <{shape = array<i64: 1, 2, 2, 3, 3>}> : (tensor<1x4x3x3xf32>) -> tensor<1x2x2x3x3xf32>
    %2 = "nn.transpose"(%1) <{permutation = array<i64: 0, 2, 1, 3, 4>}> : (tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
    %3 = "nn.reshape"(%2) <{shape = array<i64: 1, 4, 3, 3>}> : (tensor<1x2x2x3x3xf32>) -> tensor<1x4x3x3xf32>
    %4 = "nn.conv2d"(%3, %arg1) <{dilations = array<i64: 1, 1>, groups = 4 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x4x3x3xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x3x3xf32>
    func.return %4 : tensor<1x4x3x3xf32>
  }
}
// ===== output
module {
  func.func @channel_shuffle(%arg0: tensor<1x4x3x3xf32>, %arg1: tensor<4x1x3x3xf32>) -> tensor<1x4x3x3xf32> {
    %0 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x4x3x3xf32>) -> tensor<1x3x3x4xf32>
    %1 = "nn.transpose"(%arg1) <{permutation = array<i64: 2, 3, 1, 0>}> : (tensor<4x1x3x3xf32>) -> tensor<3x3x1x4xf32>
    %2 = "nn.conv2d"(%0, %1) <{dilations = array<i64: 1, 1>, groups = 4 : i64, layout = "nhwc_hwcf", pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x3x3x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x3x3x4xf32>
    %3 = "nn.reshape"(%2) <{shape = array<i64: 1, 3, 3, 2, 2>}> : (tensor<1x3x3x4xf32>) -> tensor<1x3x3x2x2xf32>
    %4 = "nn.transpose"(%3) <{permutation = array<i64: 0, 1, 2, 4, 3>}> : (tensor<1x3x3x2x2xf32>) -> tensor<1x3x3x2x2xf32>
    %5 = "nn.reshape"(%4) <{shape = array<i64: 1, 3, 3, 4>}> : (tensor<1x3x3x2x2xf32>) -> tensor<1x3x3x4xf32>
    %6 = "nn.transpose"(%arg1) <{permutation = array<i64: 2, 3, 1, 0>}> : (tensor<4x1x3x3xf32>) -> tensor<3x3x1x4xf32>
    %7 = "nn.conv2d"(%5, %6) <{dilations = array<i64: 1, 1>, groups = 4 : i64, layout = "nhwc_hwcf", pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x3x3x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x3x3x4xf32>
    %8 = "nn.transpose"(%7) <{permutation = array<i64: 0, 3, 1, 2>}> : (tensor<1x3x3x4xf32>) -> tensor<1x4x3x3xf32>
    func.return %8 : tensor<1x4x3x3xf32>
  }
}
// -----
module {
  func.func @concat_pad_softmax(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x4x6x5xf32> {
    %0 = "nn.max_pool2d"(%arg0) <{dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %1 = "nn.average_pool2d"(%arg0) <{count_include_pad = true, dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %2 = "nn.concat"(%0, %1) <{axis = 1 : i64}> : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32>
    %3 = "nn.pad"(%2) <{high = array<i64: 0, 0, 1, 0>, low = array<i64: 0, 0, 1, 1>}> : (tensor<1x4x4x4xf32>) -> tensor<1x4x6x5xf32>
    %4 = "nn.softmax"(%3) <{axis = 1 : i64}> : (tensor<1x4x6x5xf32>) -> tensor<1x4x6x5xf32>
    func.return %4 : tensor<1x4x6x5xf32>
  }
}
// ===== output
module {
  func.func @concat_pad_softmax(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x4x6x5xf32> {
    %0 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
    %1 = "nn.max_pool2d"(%0) <{dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, layout = "nhwc", pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    %2 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
    %3 = "nn.average_pool2d"(%2) <{count_include_pad = true, dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, layout = "nhwc", pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}> : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    %4 = "nn.concat"(%1, %3) <{axis = 3 : i64}> : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x4xf32>
    %5 = "nn.pad"(%4) <{high = array<i64: 0, 1, 0, 0>, low = array<i64: 0, 1, 1, 0>, mode = "constant", value = 0.000000e+00 : f32}> : (tensor<1x4x4x4xf32>) -> tensor<1x6x5x4xf32>
    %6 = "nn.softmax"(%5) <{axis = 3 : i64}> : (tensor<1x6x5x4xf32>) -> tensor<1x6x5x4xf32>
    %7 = "nn.transpose"(%6) <{permutation = array<i64: 0, 3, 1, 2>}> : (tensor<1x6x5x4xf32>) -> tensor<1x4x6x5xf32>
    func.return %7 : tensor<1x4x6x5xf32>
  }
}
