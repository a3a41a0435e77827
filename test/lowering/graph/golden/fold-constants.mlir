// strata opt %s --passes=func.func(fold-constants,dce)
module {
  func.func @shapes(%arg0: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<2xi64>) {
    %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %a = arith.constant dense<[7, 8, 9]> : tensor<3xi64>
    %i = arith.constant dense<[2, 0]> : tensor<2xi64>
    %0 = "nn.transpose"(%w) <{permutation = array<i64: 1, 0>}> : (tensor<2x3xf32>) -> tensor<3x2xf32>
    %1 = "nn.gather"(%a, %i) <{axis = 0 : i64}> : (tensor<3xi64>, tensor<2xi64>) -> tensor<2xi64>
    func.return %0, %1 : tensor<3x2xf32>, tensor<2xi64>
  }
}
// ===== output
module {
  func.func @shapes(%arg0: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<2xi64>) {
    %transpose = arith.constant dense_resource<transpose> : tensor<3x2xf32>
    %cst = arith.constant dense<[9, 7]> : tensor<2xi64>
    func.return %transpose, %cst : tensor<3x2xf32>, tensor<2xi64>
  }
}
// -----
module {
  func.func @left_alone() -> (tensor<1000x1000xf32>, tensor<1xi64>) {
    %c = arith.constant dense<1.0> : tensor<f32>
    %a = arith.constant dense<[7, 8, 9]> : tensor<3xi64>
    %i = arith.constant dense<5> : tensor<1xi64>
    %0 = "nn.broadcast"(%c) <{shape = array<i64: 1000, 1000>}> : (tensor<f32>) -> tensor<1000x1000xf32>
    %1 = "nn.gather"(%a, %i) <{axis = 0 : i64}> : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
    func.return %0, %1 : tensor<1000x1000xf32>, tensor<1xi64>
  }
}
// ===== output
module {
  func.func @left_alone() -> (tensor<1000x1000xf32>, tensor<1xi64>) {
    %cst = arith.constant dense<1.000000e+00> : tensor<f32>
    %cst_0 = arith.constant dense<[7, 8, 9]> : tensor<3xi64>
    %cst_1 = arith.constant dense<5> : tensor<1xi64>
    %0 = "nn.broadcast"(%cst) <{shape = array<i64: 1000, 1000>}> : (tensor<f32>) -> tensor<1000x1000xf32>
    %1 = "nn.gather"(%cst_0, %cst_1) <{axis = 0 : i64}> : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
    func.return %0, %1 : tensor<1000x1000xf32>, tensor<1xi64>
  }
}
