// strata opt %s
module {
  func.func @a(%arg0: tensor<4x8xf32>, %arg1: tensor<8xf32>, %arg2: index, %arg3: memref<4x8xf32>, %arg4: vector<4xf32>, %arg5: tensor<4x8xi32>) {
    %cst = arith.constant 0.000000e+00 : f32
    %c1 = arith.constant 1 : index
    %c-1_i32 = arith.constant -1 : i32
    %true = arith.constant true
    %false = arith.constant false
    %cst_0 = arith.constant dense<1.000000e+00> : tensor<4x8xf32>
    %cst_1 = arith.constant {foo = 1 : i32} dense<1.000000e+00> : tensor<4x8xf32>
    %cst_2 = arith.constant dense<1> : vector<4xi32>
    %w = arith.constant dense_resource<w> : tensor<4x8xf32>
    %0 = arith.addf %arg0, %cst_0 fastmath<fast> : tensor<4x8xf32>
    %1 = arith.addf %arg0, %cst_0 fastmath<nnan,ninf> : tensor<4x8xf32>
    %2 = arith.addf %arg0, %cst_0 {foo} : tensor<4x8xf32>
    %3 = arith.cmpf olt, %cst, %cst : f32
    %4 = arith.cmpf olt, %cst, %cst fastmath<fast> : f32
    %5 = arith.cmpi slt, %c1, %arg2 : index
    %6 = arith.select %3, %cst, %cst : f32
    %7 = arith.cmpf olt, %arg0, %cst_0 : tensor<4x8xf32>
    %8 = arith.select %7, %arg0, %arg0 : tensor<4x8xi1>, tensor<4x8xf32>
    %9 = arith.select %3, %arg0, %arg0 : tensor<4x8xf32>
    %10 = arith.addi %arg2, %c1 overflow<nsw> : index
    %11 = arith.addi %arg2, %c1 overflow<nsw, nuw> : index
    %12 = arith.shli %arg2, %c1 overflow<nsw> : index
    %13 = arith.shrsi %arg2, %c1 exact : index
    %14 = arith.divsi %arg2, %c1 exact : index
    %15 = arith.divui %arg2, %c1 : index
    %16 = arith.extf %cst : f32 to f64
    %17 = arith.extf %cst : f32 to f64
    %18 = arith.truncf %cst : f32 to f16
    %19 = arith.truncf %cst to_nearest_even fastmath<fast> : f32 to f16
    %20 = arith.index_cast %arg2 : index to i64
    %21 = arith.trunci %20 overflow<nsw> : i64 to i32
    %22 = arith.extui %3 : i1 to i32
    %23 = arith.uitofp %21 : i32 to f32
    %24 = arith.index_castui %arg2 : index to i64
    %25 = math.exp %arg0 fastmath<fast> : tensor<4x8xf32>
    %26 = math.fpowi %cst, %c-1_i32 : f32, i32
    %27 = math.fma %cst, %cst, %cst : f32
    %28 = math.copysign %cst, %cst : f32
    %29 = math.absi %c-1_i32 : i32
    func.return
  }
}
