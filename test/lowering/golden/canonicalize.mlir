// strata opt %s --passes=builtin.module(func.func(canonicalize,dce))
// same results
func.func @reshapes(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<24xf32>) {
  %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xf32> into tensor<2x3x4xf32>
  %2 = tensor.collapse_shape %0 [[0, 1]] : tensor<6x4xf32> into tensor<24xf32>
  return %1, %2 : tensor<2x3x4xf32>, tensor<24xf32>
}
// ===== output
module {
  func.func @reshapes(%arg0: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<24xf32>) {
    %collapsed = tensor.collapse_shape %arg0 [[0 : i64, 1 : i64, 2 : i64]] : tensor<2x3x4xf32> into tensor<24xf32>
    func.return %arg0, %collapsed : tensor<2x3x4xf32>, tensor<24xf32>
  }
}
// -----
func.func @constants() -> (tensor<2x2xf32>, tensor<4xf32>) {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = tensor.expand_shape %c [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = tensor.collapse_shape %f [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<4xf32>
}
// ===== output
module {
  func.func @constants() -> (tensor<2x2xf32>, tensor<4xf32>) {
    %cst = arith.constant dense<[[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
    %cst_0 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4xf32>
    %1 = linalg.fill ins(%cst_0 : f32) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
    func.return %cst, %1 : tensor<2x2xf32>, tensor<4xf32>
  }
}
// -----
func.func @padding(%x: tensor<2x3xf32>) -> (tensor<5x4xf32>, tensor<2x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.pad %x low[1, 0] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3xf32> to tensor<3x4xf32>
  %1 = tensor.pad %0 low[0, 0] high[2, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<3x4xf32> to tensor<5x4xf32>
  %2 = tensor.pad %x low[0, 0] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3xf32> to tensor<2x3xf32>
  return %1, %2 : tensor<5x4xf32>, tensor<2x3xf32>
}
// ===== output
module {
  func.func @padding(%arg0: tensor<2x3xf32>) -> (tensor<5x4xf32>, tensor<2x3xf32>) {
    %cst = arith.constant 0.000000e+00 : f32
    %padded = tensor.pad %arg0 low[1, 0] high[2, 1] {
    ^bb0(%arg1: index, %arg2: index):
      tensor.yield %cst : f32
    } : tensor<2x3xf32> to tensor<5x4xf32>
    func.return %padded, %arg0 : tensor<5x4xf32>, tensor<2x3xf32>
  }
}
// -----
func.func @slices(%x: tensor<8x9xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<8x9xf32>) {
  %0 = tensor.extract_slice %x[1, 2] [4, 4] [2, 1] : tensor<8x9xf32> to tensor<4x4xf32>
  %1 = tensor.extract_slice %0[1, 0] [2, 2] [1, 2] : tensor<4x4xf32> to tensor<2x2xf32>
  %2 = tensor.insert_slice %y into %x[0, 3] [2, 2] [1, 1] : tensor<2x2xf32> into tensor<8x9xf32>
  %3 = tensor.extract_slice %2[0, 3] [2, 2] [1, 1] : tensor<8x9xf32> to tensor<2x2xf32>
  %4 = tensor.extract_slice %x[0, 0] [8, 9] [1, 1] : tensor<8x9xf32> to tensor<8x9xf32>
  return %1, %3, %4 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<8x9xf32>
}
// ===== output
module {
  func.func @slices(%arg0: tensor<8x9xf32>, %arg1: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<8x9xf32>) {
    %extracted_slice = tensor.extract_slice %arg0[3, 2] [2, 2] [2, 2] : tensor<8x9xf32> to tensor<2x2xf32>
    func.return %extracted_slice, %arg1, %arg0 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<8x9xf32>
  }
}
// -----
func.func @concat(%x: tensor<2x1xf32>, %y: tensor<2x2xf32>) -> tensor<2x4xf32> {
  %0 = tensor.concat dim(1) %x, %y : (tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x3xf32>
  %1 = tensor.concat dim(1) %0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = tensor.concat dim(1) %1, %x : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}
// ===== output
module {
  func.func @concat(%arg0: tensor<2x1xf32>, %arg1: tensor<2x2xf32>) -> tensor<2x4xf32> {
    %concat = tensor.concat dim(1) %arg0, %arg1, %arg0 : (tensor<2x1xf32>, tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    func.return %concat : tensor<2x4xf32>
  }
}
// -----
#id = affine_map<(d0) -> (d0)>
func.func @generic(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %two = arith.constant dense<2.0> : tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id], iterator_types = ["parallel"]} ins(%x, %two, %y, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %d: f32, %o: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %1, %d : f32
    linalg.yield %2 : f32
  } -> tensor<4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %0, %3 : tensor<4xf32>, tensor<4xf32>
}
// ===== output
module {
  func.func @generic(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
    %0 = tensor.empty() : tensor<4xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%arg0 : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %cst = arith.constant 2.000000e+00 : f32
      %2 = arith.mulf %in, %cst : f32
      %3 = arith.addf %2, %in : f32
      linalg.yield %3 : f32
    } -> tensor<4xf32>
    func.return %1, %arg0 : tensor<4xf32>, tensor<4xf32>
  }
}
