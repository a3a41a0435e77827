// strata opt %s --passes=func.func(canonicalize,dce)
// same results
module {
  func.func @identities(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %zero = arith.constant dense<0.0> : tensor<f32>
    %one = arith.constant dense<1.0> : tensor<3xf32>
    %0 = "nn.add"(%zero, %arg0) : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = "nn.mul"(%0, %one) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %2 = "nn.div"(%1, %one) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %3 = "nn.reshape"(%2) <{shape = array<i64: 2, 3>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %4 = "nn.transpose"(%3) <{permutation = array<i64: 0, 1>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %5 = "nn.slice"(%4) <{ends = array<i64: 2, 3>, starts = array<i64: 0, 0>, steps = array<i64: 1, 1>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %6 = "nn.pad"(%5) <{high = array<i64: 0, 0>, low = array<i64: 0, 0>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %7 = "nn.concat"(%6) <{axis = 1 : i64}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
    func.return %7 : tensor<2x3xf32>
  }
}
// ===== output
module {
  func.func @identities(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    func.return %arg0 : tensor<2x3xf32>
  }
}
// -----
module {
  func.func @broadcasting_is_kept(%arg0: tensor<3xf32>) -> tensor<2x3xf32> {
    %zero = arith.constant dense<0.0> : tensor<2x3xf32>
    %0 = "nn.add"(%arg0, %zero) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    func.return %0 : tensor<2x3xf32>
  }
}
// ===== output
module {
  func.func @broadcasting_is_kept(%arg0: tensor<3xf32>) -> tensor<2x3xf32> {
    %cst = arith.constant dense<0.000000e+00> : tensor<2x3xf32>
    %0 = "nn.add"(%arg0, %cst) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    func.return %0 : tensor<2x3xf32>
  }
}
// -----
module {
  func.func @reshapes_and_transposes(%arg0: tensor<2x3x4xf32>) -> (tensor<24xf32>, tensor<3x4x2xf32>, tensor<2x3x4xf32>) {
    %0 = "nn.reshape"(%arg0) <{shape = array<i64: 6, 4>}> : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
    %1 = "nn.reshape"(%0) <{shape = array<i64: -1>}> : (tensor<6x4xf32>) -> tensor<24xf32>
    %2 = "nn.transpose"(%arg0) <{permutation = array<i64: 2, 0, 1>}> : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
    %3 = "nn.transpose"(%2) <{permutation = array<i64: 2, 0, 1>}> : (tensor<4x2x3xf32>) -> tensor<3x4x2xf32>
    %4 = "nn.transpose"(%3) <{permutation = array<i64: 2, 0, 1>}> : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
    func.return %1, %3, %4 : tensor<24xf32>, tensor<3x4x2xf32>, tensor<2x3x4xf32>
  }
}
// ===== output
module {
  func.func @reshapes_and_transposes(%arg0: tensor<2x3x4xf32>) -> (tensor<24xf32>, tensor<3x4x2xf32>, tensor<2x3x4xf32>) {
    %0 = "nn.reshape"(%arg0) <{shape = array<i64: 24>}> : (tensor<2x3x4xf32>) -> tensor<24xf32>
    %1 = "nn.transpose"(%arg0) <{permutation = array<i64: 1, 2, 0>}> : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
    func.return %0, %1, %arg0 : tensor<24xf32>, tensor<3x4x2xf32>, tensor<2x3x4xf32>
  }
}
// -----
module {
  func.func @transpose_of_units(%arg0: tensor<?x8x1x1xf32>) -> tensor<?x1x1x8xf32> {
    %0 = "nn.transpose"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<?x8x1x1xf32>) -> tensor<?x1x1x8xf32>
    func.return %0 : tensor<?x1x1x8xf32>
  }
}
// ===== output
module {
  func.func @transpose_of_units(%arg0: tensor<?x8x1x1xf32>) -> tensor<?x1x1x8xf32> {
    %0 = "nn.reshape"(%arg0) <{shape = array<i64: -1, 1, 1, 8>}> : (tensor<?x8x1x1xf32>) -> tensor<?x1x1x8xf32>
    func.return %0 : tensor<?x1x1x8xf32>
  }
}
// -----
module {
  func.func @clips(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    %0 = "nn.clip"(%arg0) <{max = 6.0 : f32, min = -1.0 : f32}> : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "nn.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "nn.relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    %3 = "nn.relu"(%2) : (tensor<4xf32>) -> tensor<4xf32>
    %4 = "nn.clip"(%0) <{max = 9.0 : f32, min = 8.0 : f32}> : (tensor<4xf32>) -> tensor<4xf32>
    func.return %1, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
}
// ===== output
module {
  func.func @clips(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    %0 = "nn.clip"(%arg0) <{max = 6.000000e+00 : f32, min = 0.000000e+00 : f32}> : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "nn.relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "nn.clip"(%arg0) <{max = 8.000000e+00 : f32, min = 8.000000e+00 : f32}> : (tensor<4xf32>) -> tensor<4xf32>
    func.return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
}
// -----
module {
  func.func @pad_and_pool(%arg0: tensor<1x2x4x4xf32>, %arg1: tensor<3x2x3x3xf32>) -> (tensor<1x3x5x4xf32>, tensor<1x2x1x1xf32>) {
    %0 = "nn.pad"(%arg0) <{high = array<i64: 0, 0, 2, 1>, low = array<i64: 0, 0, 1, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x7x6xf32>
    %1 = "nn.conv2d"(%0, %arg1) <{dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x7x6xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x5x4xf32>
    %2 = "nn.average_pool2d"(%arg0) <{dilations = array<i64: 1, 1>, kernel = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32>
    func.return %1, %2 : tensor<1x3x5x4xf32>, tensor<1x2x1x1xf32>
  }
}
// ===== output
module {
  func.func @pad_and_pool(%arg0: tensor<1x2x4x4xf32>, %arg1: tensor<3x2x3x3xf32>) -> (tensor<1x3x5x4xf32>, tensor<1x2x1x1xf32>) {
    %0 = "nn.conv2d"(%arg0, %arg1) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nchw_fchw", pads = array<i64: 1, 1, 2, 1>, strides = array<i64: 1, 1>}> : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x5x4xf32>
    %1 = "nn.reduce_mean"(%arg0) <{axes = array<i64: 2, 3>, keepdims = true}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32>
    func.return %0, %1 : tensor<1x3x5x4xf32>, tensor<1x2x1x1xf32>
  }
}
