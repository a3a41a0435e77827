// strata opt %s
module {
  func.func @scf(%arg0: index, %arg1: i1, %arg2: f32, %arg3: memref<8xf32>) -> (f32, index) {
    %0:2 = scf.for %arg4 = %arg0 to %arg0 step %arg0 iter_args(%arg5 = %arg2, %arg6 = %arg0) -> (f32, index) {
      scf.yield %arg5, %arg6 : f32, index
    }
    scf.for %arg7 = %arg0 to %arg0 step %arg0 {
    }
    scf.for unsigned %arg8 = %arg0 to %arg0 step %arg0 {
    }
    %c1_i32 = arith.constant 1 : i32
    scf.for %arg9 = %c1_i32 to %c1_i32 step %c1_i32 : i32 {
    }
    %1 = scf.if %arg1 -> (f32) {
      scf.yield %arg2 : f32
    } else {
      scf.yield %arg2 : f32
    }
    scf.if %arg1 {
    } else {
    }
    scf.if %arg1 {
    }
    %2 = scf.while (%arg10 = %arg2) : (f32) -> f32 {
      scf.condition(%arg1) %arg10 : f32
    } do {
    ^bb0(%arg11: f32):
      scf.yield %arg11 : f32
    }
    scf.while : () -> () {
      scf.condition(%arg1)
    } do {
      scf.yield
    }
    scf.forall (%arg12, %arg13) in (4, %arg0) {
      memref.store %arg2, %arg3[%arg12] : memref<8xf32>
    } {a = 1 : i64}
    scf.forall (%arg14, %arg15) = (0, %arg0) to (4, 8) step (1, 2) {
    }
    %3 = tensor.empty() : tensor<8xf32>
    %4 = scf.forall (%arg16) in (8) shared_outs(%arg17 = %3) -> (tensor<8xf32>) {
      %5 = tensor.empty() : tensor<1xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %5 into %arg17[%arg16] [1] [1] : tensor<1xf32> into tensor<8xf32>
      }
    }
    scf.parallel (%arg18) = (%arg0) to (%arg0) step (%arg0) {
      scf.reduce
    }
    %6 = scf.parallel (%arg19, %arg20) = (%arg0, %arg0) to (%arg0, %arg0) step (%arg0, %arg0) init (%arg2) -> f32 {
      scf.reduce(%arg2 : f32) {
      ^bb0(%arg21: f32, %arg22: f32):
        scf.reduce.return %arg21 : f32
      }
    }
    %7 = scf.execute_region -> f32 {
      scf.yield %arg2 : f32
    }
    scf.execute_region no_inline {
      scf.yield
    }
    func.return %0#0, %0#1 : f32, index
  }
  func.func @more(%arg0: index, %arg1: i1, %arg2: f32, %arg3: i64) -> (f32, f32) {
    scf.while (%arg4 = %arg2, %arg5 = %arg0) : (f32, index) -> () {
      scf.condition(%arg1)
    } do {
      scf.yield %arg2, %arg0 : f32, index
    } attributes {tag}
    %0:2 = scf.parallel (%arg6) = (%arg0) to (%arg0) step (%arg0) init (%arg2, %arg2) -> (f32, f32) {
      scf.reduce(%arg2, %arg2 : f32, f32) {
      ^bb0(%arg7: f32, %arg8: f32):
        scf.reduce.return %arg7 : f32
      }, {
      ^bb0(%arg9: f32, %arg10: f32):
        scf.reduce.return %arg10 : f32
      }
    }
    %1 = scf.for %arg11 = %arg3 to %arg3 step %arg3 iter_args(%arg12 = %arg2) -> (f32) : i64 {
      scf.yield %arg12 : f32
    } {tag}
    scf.forall (%arg13, %arg14) = (%arg0, 1) to (%arg0, 9) step (2, %arg0) {
    } {mapping = []}
    func.return %0#0, %1 : f32, f32
  }
}
