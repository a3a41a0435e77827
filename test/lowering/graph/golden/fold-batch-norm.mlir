// strata opt %s --passes=func.func(fold-batch-norm,dce)
// same results within 1e-5
module {
  func.func @bn_into_conv(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %w = arith.constant dense<[[[[2.0]], [[1.0]]], [[[-1.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>
    %scale = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
    %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %mean = arith.constant dense<[0.5, -1.0]> : tensor<2xf32>
    %variance = arith.constant dense<[4.0, 16.0]> : tensor<2xf32>
    %0 = "nn.conv2d"(%arg0, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %1 = "nn.batch_norm"(%0, %scale, %bias, %mean, %variance) <{epsilon = 0.0 : f32}> : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
    func.return %1 : tensor<1x2x4x4xf32>
  }
}
// ===== output
module {
  func.func @bn_into_conv(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %weight.folded = arith.constant dense_resource<weight.folded> : tensor<2x2x1x1xf32>
    %weight.bias = arith.constant dense_resource<weight.bias> : tensor<2xf32>
    %0 = "nn.conv2d"(%arg0, %weight.folded, %weight.bias) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nchw_fchw", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
    func.return %0 : tensor<1x2x4x4xf32>
  }
}
// -----
module {
  func.func @conv_used_twice(%arg0: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
    %w = arith.constant dense<[[[[2.0]], [[1.0]]], [[[-1.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>
    %scale = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
    %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %mean = arith.constant dense<[0.5, -1.0]> : tensor<2xf32>
    %variance = arith.constant dense<[4.0, 16.0]> : tensor<2xf32>
    %0 = "nn.conv2d"(%arg0, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %1 = "nn.batch_norm"(%0, %scale, %bias, %mean, %variance) <{epsilon = 0.0 : f32}> : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
    func.return %0, %1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
  }
}
// ===== output
module {
  func.func @conv_used_twice(%arg0: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
    %cst = arith.constant dense<[[[[2.000000e+00]], [[1.000000e+00]]], [[[-1.000000e+00]], [[3.000000e+00]]]]> : tensor<2x2x1x1xf32>
    %0 = "nn.conv2d"(%arg0, %cst) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %cst_0 = arith.constant dense<1.000000e+00> : tensor<2x1x1xf32>
    %1 = "nn.mul"(%0, %cst_0) : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %scale.shift = arith.constant dense_resource<scale.shift> : tensor<2x1x1xf32>
    %2 = "nn.add"(%1, %scale.shift) : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
    func.return %0, %2 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
  }
}
// -----
module {
  func.func @conv_bias_and_scale(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %w = arith.constant dense<[[[[2.0]], [[1.0]]], [[[-1.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>
    %c = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
    %half = arith.constant dense<0.5> : tensor<f32>
    %0 = "nn.conv2d"(%arg0, %w) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %1 = "nn.add"(%c, %0) : (tensor<2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %2 = "nn.mul"(%1, %half) : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
    func.return %2 : tensor<1x2x4x4xf32>
  }
}
// ===== output
module {
  func.func @conv_bias_and_scale(%arg0: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %weight.folded.folded = arith.constant dense_resource<weight.folded.folded> : tensor<2x2x1x1xf32>
    %weight.folded.bias = arith.constant dense_resource<weight.folded.bias> : tensor<2xf32>
    %0 = "nn.conv2d"(%arg0, %weight.folded.folded, %weight.folded.bias) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nchw_fchw", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
    func.return %0 : tensor<1x2x4x4xf32>
  }
}
