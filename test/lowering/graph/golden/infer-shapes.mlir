// strata opt %s --passes=func.func(infer-shapes)
// same results
module {
  func.func @refined(%arg0: tensor<2x3xf32>) -> tensor<?x?xf32> {
    %0 = "nn.relu"(%arg0) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = "nn.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<2x3xf32>) -> tensor<?x?xf32>
    %2 = "nn.exp"(%1) : (tensor<?x?xf32>) -> tensor<?x?xf32>
    func.return %2 : tensor<?x?xf32>
  }
}
// ===== output
module {
  func.func @refined(%arg0: tensor<2x3xf32>) -> tensor<3x2xf32> {
    %0 = "nn.relu"(%arg0) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = "nn.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<2x3xf32>) -> tensor<3x2xf32>
    %2 = "nn.exp"(%1) : (tensor<3x2xf32>) -> tensor<3x2xf32>
    func.return %2 : tensor<3x2xf32>
  }
}
