// strata opt %s --passes builtin.module(func.func(canonicalize,cse))
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %0 = arith.mulf %x, %one : tensor<4xf32>
  %1 = math.exp %0 : tensor<4xf32>
  %2 = math.exp %0 : tensor<4xf32>
  %3 = arith.addf %1, %2 : tensor<4xf32>
  return %3 : tensor<4xf32>
}
// ===== output
module {
  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
    %cst = arith.constant dense<0.000000e+00> : tensor<4xf32>
    %cst_0 = arith.constant dense<1.000000e+00> : tensor<4xf32>
    %0 = arith.mulf %arg0, %cst_0 : tensor<4xf32>
    %1 = math.exp %0 : tensor<4xf32>
    %2 = arith.addf %1, %1 : tensor<4xf32>
    func.return %2 : tensor<4xf32>
  }
}
