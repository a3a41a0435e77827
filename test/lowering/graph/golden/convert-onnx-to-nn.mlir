// strata opt %s --passes=func.func(convert-onnx-to-nn,dce)
// same results within 1e-6
module {
  func.func @same_padding(%arg0: tensor<1x2x5x5xf32>, %arg1: tensor<3x2x3x3xf32>) -> tensor<1x3x3x3xf32> {
    %0 = "onnx.Conv"(%arg0, %arg1) <{auto_pad = "SAME_UPPER", strides = array<i64: 2, 2>, version = 11 : i64}> : (tensor<1x2x5x5xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x3x3xf32>
    func.return %0 : tensor<1x3x3x3xf32>
  }
}
// ===== output
module {
  func.func @same_padding(%arg0: tensor<1x2x5x5xf32>, %arg1: tensor<3x2x3x3xf32>) -> tensor<1x3x3x3xf32> {
    %0 = "nn.conv2d"(%arg0, %arg1) <{dilations = array<i64: 1, 1>, groups = 1 : i64, layout = "nchw_fchw", pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}> : (tensor<1x2x5x5xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x3x3xf32>
    func.return %0 : tensor<1x3x3x3xf32>
  }
}
// -----
module {
  func.func @softmax_over_several_axes(%arg0: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
    %0 = "onnx.Softmax"(%arg0) <{axis = 1 : i64, version = 11 : i64}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    %1 = "onnx.Softmax"(%arg0) <{axis = 1 : i64, version = 13 : i64}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    func.return %0, %1 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
  }
}
// ===== output
module {
  func.func @softmax_over_several_axes(%arg0: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
    %0 = "nn.reshape"(%arg0) <{shape = array<i64: 2, 12>}> : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
    %1 = "nn.softmax"(%0) <{axis = 1 : i64}> : (tensor<2x12xf32>) -> tensor<2x12xf32>
    %2 = "nn.reshape"(%1) <{shape = array<i64: 2, 3, 4>}> : (tensor<2x12xf32>) -> tensor<2x3x4xf32>
    %3 = "nn.softmax"(%arg0) <{axis = 1 : i64}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    func.return %2, %3 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
  }
}
// -----
module {
  func.func @view_by_shape(%arg0: tensor<2x3x4x5xf32>) -> tensor<2x60xf32> {
    %zero = arith.constant dense<0> : tensor<i64>
    %axes = arith.constant dense<0> : tensor<1xi64>
    %rest = arith.constant dense<-1> : tensor<1xi64>
    %0 = "onnx.Shape"(%arg0) <{version = 15 : i64}> : (tensor<2x3x4x5xf32>) -> tensor<4xi64>
    %1 = "onnx.Gather"(%0, %zero) <{axis = 0 : i64, version = 13 : i64}> : (tensor<4xi64>, tensor<i64>) -> tensor<i64>
    %2 = "onnx.Unsqueeze"(%1, %axes) <{version = 13 : i64}> : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
    %3 = "onnx.Concat"(%2, %rest) <{axis = 0 : i64, version = 13 : i64}> : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
    %4 = "onnx.Reshape"(%arg0, %3) <{version = 14 : i64}> : (tensor<2x3x4x5xf32>, tensor<2xi64>) -> tensor<2x60xf32>
    func.return %4 : tensor<2x60xf32>
  }
}
// ===== output
module {
  func.func @view_by_shape(%arg0: tensor<2x3x4x5xf32>) -> tensor<2x60xf32> {
    %0 = "nn.reshape"(%arg0) <{shape = array<i64: 2, 60>}> : (tensor<2x3x4x5xf32>) -> tensor<2x60xf32>
    func.return %0 : tensor<2x60xf32>
  }
}
// -----
module {
  func.func @unsupported(%arg0: tensor<1x2x5x5x5x5xf32>, %arg1: tensor<3x2x3x3x3x3xf32>) -> tensor<1x3x3x3x3x3xf32> {
    %0 = "onnx.Conv"(%arg0, %arg1) <{version = 11 : i64}> : (tensor<1x2x5x5x5x5xf32>, tensor<3x2x3x3x3x3xf32>) -> tensor<1x3x3x3x3x3xf32>
    %1 = "onnx.Optional"(%0) : (tensor<1x3x3x3x3x3xf32>) -> tensor<1x3x3x3x3x3xf32>
    func.return %1 : tensor<1x3x3x3x3x3xf32>
  }
}
// ===== output
// error: STR0340 the module has 2 operators that are not supported:
//   Conv (an input of rank 6): onnx.Conv
//   Optional: onnx.Optional
//  Export the model with other operators (an older or newer opset may help), or see docs/ops.md for what is supported.
