// strata opt %s
module {
  func.func @a(%arg0: tensor<4x8xf32>, %arg1: tensor<8xf32>, %arg2: index, %arg3: f32, %arg4: index) -> tensor<4x8xf32> {
    %0 = tensor.empty() : tensor<4x8xf32>
    %1 = tensor.empty(%arg2) {foo} : tensor<4x?xf32>
    %padded = tensor.pad %arg0 low[1, %arg2] high[1, 2] {
    ^bb0(%arg5: index, %arg6: index):
      tensor.yield %arg3 : f32
    } : tensor<4x8xf32> to tensor<6x?xf32>
    %padded_0 = tensor.pad %arg0 nofold low[1, 1] high[1, 2] {
    ^bb0(%arg7: index, %arg8: index):
      tensor.yield %arg3 : f32
    } {foo} : tensor<4x8xf32> to tensor<6x11xf32>
    %extracted = tensor.extract %arg0[%arg2, %arg4] : tensor<4x8xf32>
    %from_elements = tensor.from_elements %arg3 : tensor<f32>
    %extracted_0 = tensor.extract %from_elements[] : tensor<f32>
    %inserted = tensor.insert %arg3 into %arg0[%arg2, %arg4] : tensor<4x8xf32>
    %extracted_slice = tensor.extract_slice %arg0[0, %arg2] [2, 4] [1, 1] : tensor<4x8xf32> to tensor<2x4xf32>
    %extracted_slice_0 = tensor.extract_slice %arg0[0, %arg2] [1, 4] [1, 1] : tensor<4x8xf32> to tensor<4xf32>
    %inserted_slice = tensor.insert_slice %extracted_slice into %arg0[0, %arg2] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<4x8xf32>
    %expanded = tensor.expand_shape %arg0 [[0 : i64], [1 : i64, 2 : i64]] output_shape [4, 2, 4] : tensor<4x8xf32> into tensor<4x2x4xf32>
    %expanded_0 = tensor.expand_shape %1 [[0 : i64], [1 : i64, 2 : i64]] output_shape [4, %arg2, 4] : tensor<4x?xf32> into tensor<4x?x4xf32>
    %collapsed = tensor.collapse_shape %arg0 [[0 : i64, 1 : i64]] : tensor<4x8xf32> into tensor<32xf32>
    %from_elements_0 = tensor.from_elements %arg3, %arg3 : tensor<2xf32>
    %2 = tensor.empty() : tensor<1x1xf32>
    %collapsed_0 = tensor.collapse_shape %2 [] : tensor<1x1xf32> into tensor<f32>
    %expanded_1 = tensor.expand_shape %collapsed_0 [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
    %cst = arith.constant dense<[8, 4]> : tensor<2xi64>
    %reshape = tensor.reshape %arg0(%cst) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<8x4xf32>
    %3 = tensor.cast %arg0 : tensor<4x8xf32> to tensor<?x8xf32>
    %4 = tensor.dim %3, %arg4 : tensor<?x8xf32>
    %splat = tensor.splat %arg3 : tensor<4x8xf32>
    %splat_0 = tensor.splat %arg3[%arg2, %arg4] : tensor<?x?xf32>
    %generated = tensor.generate %arg2 {
    ^bb0(%arg9: index, %arg10: index):
      tensor.yield %arg3 : f32
    } : tensor<4x?xf32>
    %concat = tensor.concat dim(0) %arg0, %arg0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
    %rank = tensor.rank %arg0 : tensor<4x8xf32>
    %5 = scf.forall (%arg11) in (4) shared_outs(%arg12 = %arg0) -> (tensor<4x8xf32>) {
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %arg1 into %arg12[%arg11, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<4x8xf32>
      }
    }
    func.return %5 : tensor<4x8xf32>
  }
}
