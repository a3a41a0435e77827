// strata opt %s --passes=builtin.module(choose-schedules,lower-to-loops)
// same results within 1e-5
#id = affine_map<(d0, d1) -> (d0, d1)>
module attributes {strata.target = {arch = "x86_64", features = ["avx2", "fma"]}} {
  func.func @main(%arg0: tensor<6x5xf32>, %arg1: tensor<5x16xf32>, %arg2: tensor<16xf32>) -> tensor<6x16xf32> {
    %0 = "dispatch.region"(%arg0, %arg1, %arg2) <{sym_name = "matmul_bias_relu"}> ({
    ^bb0(%a: tensor<6x5xf32>, %b: tensor<5x16xf32>, %c: tensor<16xf32>):
      %zero = arith.constant 0.000000e+00 : f32
      %e = tensor.empty() : tensor<6x16xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<6x16xf32>) -> tensor<6x16xf32>
      %m = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<6x5xf32>, tensor<5x16xf32>) outs(%f : tensor<6x16xf32>) {
      ^bb0(%x: f32, %y: f32, %acc: f32):
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %acc, %p : f32
        linalg.yield %s : f32
      } -> tensor<6x16xf32>
      %r = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1)>, #id], iterator_types = ["parallel", "parallel"]} ins(%m, %c : tensor<6x16xf32>, tensor<16xf32>) outs(%e : tensor<6x16xf32>) {
      ^bb0(%x: f32, %y: f32, %o: f32):
        %s = arith.addf %x, %y : f32
        %q = arith.maximumf %s, %zero : f32
        linalg.yield %q : f32
      } -> tensor<6x16xf32>
      "dispatch.yield"(%r) : (tensor<6x16xf32>) -> ()
    }) : (tensor<6x5xf32>, tensor<5x16xf32>, tensor<16xf32>) -> tensor<6x16xf32>
    return %0 : tensor<6x16xf32>
  }
}
// ===== output
module attributes {strata.target = {arch = "x86_64", features = ["avx2", "fma"]}} {
  func.func @main(%arg0: tensor<6x5xf32>, %arg1: tensor<5x16xf32>, %arg2: tensor<16xf32>) -> tensor<6x16xf32> {
    %0 = "dispatch.launch"(%arg0, %arg1, %arg2) <{callee = @matmul_bias_relu}> : (tensor<6x5xf32>, tensor<5x16xf32>, tensor<16xf32>) -> tensor<6x16xf32>
    func.return %0 : tensor<6x16xf32>
  }
  func.func private @matmul_bias_relu(%arg0: memref<6x5xf32>, %arg1: memref<5x16xf32>, %arg2: memref<16xf32>, %arg3: memref<6x16xf32>) attributes {strata.dispatch = {bound = "memory", bytes_read = 504 : i64, bytes_written = 384 : i64, flops = 1152 : i64, predicted_ns = 44 : i64, schedule = "d1=16:16x8 d0=6:6 d2=5:5"}} {
    %0 = memref.collapse_shape %arg0 [[0, 1]] : memref<6x5xf32> into memref<30xf32>
    %1 = memref.collapse_shape %arg1 [[0, 1]] : memref<5x16xf32> into memref<80xf32>
    %2 = memref.collapse_shape %arg3 [[0, 1]] : memref<6x16xf32> into memref<96xf32>
    scf.forall (%arg4) in (1) {
      %cst = arith.constant dense<0.000000e+00> : vector<8xf32>
      %c0 = arith.constant 0 : index
      %3 = memref.load %0[%c0] : memref<30xf32>
      %4 = vector.load %1[%c0] : memref<80xf32>, vector<8xf32>
      %5 = vector.broadcast %3 : f32 to vector<8xf32>
      %6 = vector.fma %5, %4, %cst : vector<8xf32>
      %c8 = arith.constant 8 : index
      %7 = vector.load %1[%c8] : memref<80xf32>, vector<8xf32>
      %8 = vector.fma %5, %7, %cst : vector<8xf32>
      %c5 = arith.constant 5 : index
      %9 = memref.load %0[%c5] : memref<30xf32>
      %10 = vector.broadcast %9 : f32 to vector<8xf32>
      %11 = vector.fma %10, %4, %cst : vector<8xf32>
      %12 = vector.fma %10, %7, %cst : vector<8xf32>
      %c10 = arith.constant 10 : index
      %13 = memref.load %0[%c10] : memref<30xf32>
      %14 = vector.broadcast %13 : f32 to vector<8xf32>
      %15 = vector.fma %14, %4, %cst : vector<8xf32>
      %16 = vector.fma %14, %7, %cst : vector<8xf32>
      %c15 = arith.constant 15 : index
      %17 = memref.load %0[%c15] : memref<30xf32>
      %18 = vector.broadcast %17 : f32 to vector<8xf32>
      %19 = vector.fma %18, %4, %cst : vector<8xf32>
      %20 = vector.fma %18, %7, %cst : vector<8xf32>
      %c20 = arith.constant 20 : index
      %21 = memref.load %0[%c20] : memref<30xf32>
      %22 = vector.broadcast %21 : f32 to vector<8xf32>
      %23 = vector.fma %22, %4, %cst : vector<8xf32>
      %24 = vector.fma %22, %7, %cst : vector<8xf32>
      %c25 = arith.constant 25 : index
      %25 = memref.load %0[%c25] : memref<30xf32>
      %26 = vector.broadcast %25 : f32 to vector<8xf32>
      %27 = vector.fma %26, %4, %cst : vector<8xf32>
      %28 = vector.fma %26, %7, %cst : vector<8xf32>
      %c1 = arith.constant 1 : index
      %29 = memref.load %0[%c1] : memref<30xf32>
      %c16 = arith.constant 16 : index
      %30 = vector.load %1[%c16] : memref<80xf32>, vector<8xf32>
      %31 = vector.broadcast %29 : f32 to vector<8xf32>
      %32 = vector.fma %31, %30, %6 : vector<8xf32>
      %c24 = arith.constant 24 : index
      %33 = vector.load %1[%c24] : memref<80xf32>, vector<8xf32>
      %34 = vector.fma %31, %33, %8 : vector<8xf32>
      %c6 = arith.constant 6 : index
      %35 = memref.load %0[%c6] : memref<30xf32>
      %36 = vector.broadcast %35 : f32 to vector<8xf32>
      %37 = vector.fma %36, %30, %11 : vector<8xf32>
      %38 = vector.fma %36, %33, %12 : vector<8xf32>
      %c11 = arith.constant 11 : index
      %39 = memref.load %0[%c11] : memref<30xf32>
      %40 = vector.broadcast %39 : f32 to vector<8xf32>
      %41 = vector.fma %40, %30, %15 : vector<8xf32>
      %42 = vector.fma %40, %33, %16 : vector<8xf32>
      %43 = memref.load %0[%c16] : memref<30xf32>
      %44 = vector.broadcast %43 : f32 to vector<8xf32>
      %45 = vector.fma %44, %30, %19 : vector<8xf32>
      %46 = vector.fma %44, %33, %20 : vector<8xf32>
      %c21 = arith.constant 21 : index
      %47 = memref.load %0[%c21] : memref<30xf32>
      %48 = vector.broadcast %47 : f32 to vector<8xf32>
      %49 = vector.fma %48, %30, %23 : vector<8xf32>
      %50 = vector.fma %48, %33, %24 : vector<8xf32>
      %c26 = arith.constant 26 : index
      %51 = memref.load %0[%c26] : memref<30xf32>
      %52 = vector.broadcast %51 : f32 to vector<8xf32>
      %53 = vector.fma %52, %30, %27 : vector<8xf32>
      %54 = vector.fma %52, %33, %28 : vector<8xf32>
      %c2 = arith.constant 2 : index
      %55 = memref.load %0[%c2] : memref<30xf32>
      %c32 = arith.constant 32 : index
      %56 = vector.load %1[%c32] : memref<80xf32>, vector<8xf32>
      %57 = vector.broadcast %55 : f32 to vector<8xf32>
      %58 = vector.fma %57, %56, %32 : vector<8xf32>
      %c40 = arith.constant 40 : index
      %59 = vector.load %1[%c40] : memref<80xf32>, vector<8xf32>
      %60 = vector.fma %57, %59, %34 : vector<8xf32>
      %c7 = arith.constant 7 : index
      %61 = memref.load %0[%c7] : memref<30xf32>
      %62 = vector.broadcast %61 : f32 to vector<8xf32>
      %63 = vector.fma %62, %56, %37 : vector<8xf32>
      %64 = vector.fma %62, %59, %38 : vector<8xf32>
      %c12 = arith.constant 12 : index
      %65 = memref.load %0[%c12] : memref<30xf32>
      %66 = vector.broadcast %65 : f32 to vector<8xf32>
      %67 = vector.fma %66, %56, %41 : vector<8xf32>
      %68 = vector.fma %66, %59, %42 : vector<8xf32>
      %c17 = arith.constant 17 : index
      %69 = memref.load %0[%c17] : memref<30xf32>
      %70 = vector.broadcast %69 : f32 to vector<8xf32>
      %71 = vector.fma %70, %56, %45 : vector<8xf32>
      %72 = vector.fma %70, %59, %46 : vector<8xf32>
      %c22 = arith.constant 22 : index
      %73 = memref.load %0[%c22] : memref<30xf32>
      %74 = vector.broadcast %73 : f32 to vector<8xf32>
      %75 = vector.fma %74, %56, %49 : vector<8xf32>
      %76 = vector.fma %74, %59, %50 : vector<8xf32>
      %c27 = arith.constant 27 : index
      %77 = memref.load %0[%c27] : memref<30xf32>
      %78 = vector.broadcast %77 : f32 to vector<8xf32>
      %79 = vector.fma %78, %56, %53 : vector<8xf32>
      %80 = vector.fma %78, %59, %54 : vector<8xf32>
      %c3 = arith.constant 3 : index
      %81 = memref.load %0[%c3] : memref<30xf32>
      %c48 = arith.constant 48 : index
      %82 = vector.load %1[%c48] : memref<80xf32>, vector<8xf32>
      %83 = vector.broadcast %81 : f32 to vector<8xf32>
      %84 = vector.fma %83, %82, %58 : vector<8xf32>
      %c56 = arith.constant 56 : index
      %85 = vector.load %1[%c56] : memref<80xf32>, vector<8xf32>
      %86 = vector.fma %83, %85, %60 : vector<8xf32>
      %87 = memref.load %0[%c8] : memref<30xf32>
      %88 = vector.broadcast %87 : f32 to vector<8xf32>
      %89 = vector.fma %88, %82, %63 : vector<8xf32>
      %90 = vector.fma %88, %85, %64 : vector<8xf32>
      %c13 = arith.constant 13 : index
      %91 = memref.load %0[%c13] : memref<30xf32>
      %92 = vector.broadcast %91 : f32 to vector<8xf32>
      %93 = vector.fma %92, %82, %67 : vector<8xf32>
      %94 = vector.fma %92, %85, %68 : vector<8xf32>
      %c18 = arith.constant 18 : index
      %95 = memref.load %0[%c18] : memref<30xf32>
      %96 = vector.broadcast %95 : f32 to vector<8xf32>
      %97 = vector.fma %96, %82, %71 : vector<8xf32>
      %98 = vector.fma %96, %85, %72 : vector<8xf32>
      %c23 = arith.constant 23 : index
      %99 = memref.load %0[%c23] : memref<30xf32>
      %100 = vector.broadcast %99 : f32 to vector<8xf32>
      %101 = vector.fma %100, %82, %75 : vector<8xf32>
      %102 = vector.fma %100, %85, %76 : vector<8xf32>
      %c28 = arith.constant 28 : index
      %103 = memref.load %0[%c28] : memref<30xf32>
      %104 = vector.broadcast %103 : f32 to vector<8xf32>
      %105 = vector.fma %104, %82, %79 : vector<8xf32>
      %106 = vector.fma %104, %85, %80 : vector<8xf32>
      %c4 = arith.constant 4 : index
      %107 = memref.load %0[%c4] : memref<30xf32>
      %c64 = arith.constant 64 : index
      %108 = vector.load %1[%c64] : memref<80xf32>, vector<8xf32>
      %109 = vector.broadcast %107 : f32 to vector<8xf32>
      %110 = vector.fma %109, %108, %84 : vector<8xf32>
      %c72 = arith.constant 72 : index
      %111 = vector.load %1[%c72] : memref<80xf32>, vector<8xf32>
      %112 = vector.fma %109, %111, %86 : vector<8xf32>
      %c9 = arith.constant 9 : index
      %113 = memref.load %0[%c9] : memref<30xf32>
      %114 = vector.broadcast %113 : f32 to vector<8xf32>
      %115 = vector.fma %114, %108, %89 : vector<8xf32>
      %116 = vector.fma %114, %111, %90 : vector<8xf32>
      %c14 = arith.constant 14 : index
      %117 = memref.load %0[%c14] : memref<30xf32>
      %118 = vector.broadcast %117 : f32 to vector<8xf32>
      %119 = vector.fma %118, %108, %93 : vector<8xf32>
      %120 = vector.fma %118, %111, %94 : vector<8xf32>
      %c19 = arith.constant 19 : index
      %121 = memref.load %0[%c19] : memref<30xf32>
      %122 = vector.broadcast %121 : f32 to vector<8xf32>
      %123 = vector.fma %122, %108, %97 : vector<8xf32>
      %124 = vector.fma %122, %111, %98 : vector<8xf32>
      %125 = memref.load %0[%c24] : memref<30xf32>
      %126 = vector.broadcast %125 : f32 to vector<8xf32>
      %127 = vector.fma %126, %108, %101 : vector<8xf32>
      %128 = vector.fma %126, %111, %102 : vector<8xf32>
      %c29 = arith.constant 29 : index
      %129 = memref.load %0[%c29] : memref<30xf32>
      %130 = vector.broadcast %129 : f32 to vector<8xf32>
      %131 = vector.fma %130, %108, %105 : vector<8xf32>
      %132 = vector.fma %130, %111, %106 : vector<8xf32>
      %c0_0 = arith.constant 0 : index
      %133 = vector.load %arg2[%c0_0] : memref<16xf32>, vector<8xf32>
      %134 = arith.addf %110, %133 : vector<8xf32>
      %cst_0 = arith.constant dense<0.000000e+00> : vector<8xf32>
      %135 = arith.maximumf %134, %cst_0 : vector<8xf32>
      vector.store %135, %2[%c0_0] : memref<96xf32>, vector<8xf32>
      %c8_0 = arith.constant 8 : index
      %136 = vector.load %arg2[%c8_0] : memref<16xf32>, vector<8xf32>
      %137 = arith.addf %112, %136 : vector<8xf32>
      %138 = arith.maximumf %137, %cst_0 : vector<8xf32>
      vector.store %138, %2[%c8_0] : memref<96xf32>, vector<8xf32>
      %139 = arith.addf %115, %133 : vector<8xf32>
      %140 = arith.maximumf %139, %cst_0 : vector<8xf32>
      %c16_0 = arith.constant 16 : index
      vector.store %140, %2[%c16_0] : memref<96xf32>, vector<8xf32>
      %141 = arith.addf %116, %136 : vector<8xf32>
      %142 = arith.maximumf %141, %cst_0 : vector<8xf32>
      %c24_0 = arith.constant 24 : index
      vector.store %142, %2[%c24_0] : memref<96xf32>, vector<8xf32>
      %143 = arith.addf %119, %133 : vector<8xf32>
      %144 = arith.maximumf %143, %cst_0 : vector<8xf32>
      %c32_0 = arith.constant 32 : index
      vector.store %144, %2[%c32_0] : memref<96xf32>, vector<8xf32>
      %145 = arith.addf %120, %136 : vector<8xf32>
      %146 = arith.maximumf %145, %cst_0 : vector<8xf32>
      %c40_0 = arith.constant 40 : index
      vector.store %146, %2[%c40_0] : memref<96xf32>, vector<8xf32>
      %147 = arith.addf %123, %133 : vector<8xf32>
      %148 = arith.maximumf %147, %cst_0 : vector<8xf32>
      %c48_0 = arith.constant 48 : index
      vector.store %148, %2[%c48_0] : memref<96xf32>, vector<8xf32>
      %149 = arith.addf %124, %136 : vector<8xf32>
      %150 = arith.maximumf %149, %cst_0 : vector<8xf32>
      %c56_0 = arith.constant 56 : index
      vector.store %150, %2[%c56_0] : memref<96xf32>, vector<8xf32>
      %151 = arith.addf %127, %133 : vector<8xf32>
      %152 = arith.maximumf %151, %cst_0 : vector<8xf32>
      %c64_0 = arith.constant 64 : index
      vector.store %152, %2[%c64_0] : memref<96xf32>, vector<8xf32>
      %153 = arith.addf %128, %136 : vector<8xf32>
      %154 = arith.maximumf %153, %cst_0 : vector<8xf32>
      %c72_0 = arith.constant 72 : index
      vector.store %154, %2[%c72_0] : memref<96xf32>, vector<8xf32>
      %155 = arith.addf %131, %133 : vector<8xf32>
      %156 = arith.maximumf %155, %cst_0 : vector<8xf32>
      %c80 = arith.constant 80 : index
      vector.store %156, %2[%c80] : memref<96xf32>, vector<8xf32>
      %157 = arith.addf %132, %136 : vector<8xf32>
      %158 = arith.maximumf %157, %cst_0 : vector<8xf32>
      %c88 = arith.constant 88 : index
      vector.store %158, %2[%c88] : memref<96xf32>, vector<8xf32>
    }
    func.return
  }
}
// -----
// Padding is not stored: the bounds of the row loop of the filter and the code at the rim leave it out.
module {
  func.func @main(%arg0: tensor<1x4x3x4xf32>, %arg1: tensor<3x3x4xf32>) -> tensor<1x4x3x4xf32> {
    %0 = "dispatch.region"(%arg0, %arg1) <{sym_name = "depthwise"}> ({
    ^bb0(%a: tensor<1x4x3x4xf32>, %b: tensor<3x3x4xf32>):
      %zero = arith.constant 0.000000e+00 : f32
      %p = tensor.pad %a low[0, 1, 1, 0] high[0, 1, 1, 0] {
      ^bb0(%i: index, %j: index, %k: index, %l: index):
        tensor.yield %zero : f32
      } : tensor<1x4x3x4xf32> to tensor<1x6x5x4xf32>
      %e = tensor.empty() : tensor<1x4x3x4xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
      %m = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%p, %b : tensor<1x6x5x4xf32>, tensor<3x3x4xf32>) outs(%f : tensor<1x4x3x4xf32>) {
      ^bb0(%x: f32, %y: f32, %acc: f32):
        %t = arith.mulf %x, %y : f32
        %s = arith.addf %acc, %t : f32
        linalg.yield %s : f32
      } -> tensor<1x4x3x4xf32>
      "dispatch.yield"(%m) : (tensor<1x4x3x4xf32>) -> ()
    }) : (tensor<1x4x3x4xf32>, tensor<3x3x4xf32>) -> tensor<1x4x3x4xf32>
    return %0 : tensor<1x4x3x4xf32>
  }
}
// ===== output
#map = affine_map<(d0) -> (0, -d0 + 1)>
#map1 = affine_map<(d0) -> (3, -d0 + 4)>
module {
  func.func @main(%arg0: tensor<1x4x3x4xf32>, %arg1: tensor<3x3x4xf32>) -> tensor<1x4x3x4xf32> {
    %0 = "dispatch.launch"(%arg0, %arg1) <{callee = @depthwise}> : (tensor<1x4x3x4xf32>, tensor<3x3x4xf32>) -> tensor<1x4x3x4xf32>
    func.return %0 : tensor<1x4x3x4xf32>
  }
  func.func private @depthwise(%arg0: memref<1x4x3x4xf32>, %arg1: memref<3x3x4xf32>, %arg2: memref<1x4x3x4xf32>) attributes {strata.dispatch = {bound = "compute", bytes_read = 336 : i64, bytes_written = 192 : i64, flops = 864 : i64, predicted_ns = 210 : i64, schedule = "d2=3 d3=4:4x4 d1=4:4 d4=3:3 d5=3"}} {
    %0 = memref.collapse_shape %arg0 [[0, 1, 2, 3]] : memref<1x4x3x4xf32> into memref<48xf32>
    %1 = memref.collapse_shape %arg1 [[0, 1, 2]] : memref<3x3x4xf32> into memref<36xf32>
    %2 = memref.collapse_shape %arg2 [[0, 1, 2, 3]] : memref<1x4x3x4xf32> into memref<48xf32>
    scf.forall (%arg3) in (1) {
      %c0 = arith.constant 0 : index
      %c3 = arith.constant 3 : index
      %c1 = arith.constant 1 : index
      scf.for %arg4 = %c0 to %c3 step %c1 {
        %cst = arith.constant dense<0.000000e+00> : vector<4xf32>
        %3 = affine.max #map(%arg4)
        %4 = affine.min #map1(%arg4)
        %c1_0 = arith.constant 1 : index
        %5:4 = scf.for %arg5 = %3 to %4 step %c1_0 iter_args(%arg6 = %cst, %arg7 = %cst, %arg8 = %cst, %arg9 = %cst) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) {
          %6 = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1 * 4)>(%arg4, %arg5)
          %7 = affine.apply affine_map<(d0) -> (d0 - 4)>(%6)
          %8 = vector.load %0[%7] : memref<48xf32>, vector<4xf32>
          %9 = affine.apply affine_map<(d0) -> (d0 * 4)>(%arg5)
          %10 = vector.load %1[%9] : memref<36xf32>, vector<4xf32>
          %11 = arith.mulf %8, %10 : vector<4xf32>
          %12 = arith.addf %arg7, %11 : vector<4xf32>
          %13 = affine.apply affine_map<(d0) -> (d0 + 8)>(%6)
          %14 = vector.load %0[%13] : memref<48xf32>, vector<4xf32>
          %15 = arith.mulf %14, %10 : vector<4xf32>
          %16 = arith.addf %arg8, %15 : vector<4xf32>
          %17 = affine.apply affine_map<(d0) -> (d0 + 20)>(%6)
          %18 = vector.load %0[%17] : memref<48xf32>, vector<4xf32>
          %19 = arith.mulf %18, %10 : vector<4xf32>
          %20 = arith.addf %arg9, %19 : vector<4xf32>
          scf.yield %arg6, %12, %16, %20 : vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>
        }
        %21 = affine.max #map(%arg4)
        %22 = affine.min #map1(%arg4)
        %c1_1 = arith.constant 1 : index
        %23:4 = scf.for %arg10 = %21 to %22 step %c1_1 iter_args(%arg11 = %5#0, %arg12 = %5#1, %arg13 = %5#2, %arg14 = %5#3) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) {
          %24 = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1 * 4)>(%arg4, %arg10)
          %25 = affine.apply affine_map<(d0) -> (d0 - 4)>(%24)
          %26 = vector.load %0[%25] : memref<48xf32>, vector<4xf32>
          %27 = affine.apply affine_map<(d0) -> (d0 * 4)>(%arg10)
          %28 = affine.apply affine_map<(d0) -> (d0 + 12)>(%27)
          %29 = vector.load %1[%28] : memref<36xf32>, vector<4xf32>
          %30 = arith.mulf %26, %29 : vector<4xf32>
          %31 = arith.addf %arg11, %30 : vector<4xf32>
          %32 = affine.apply affine_map<(d0) -> (d0 + 8)>(%24)
          %33 = vector.load %0[%32] : memref<48xf32>, vector<4xf32>
          %34 = arith.mulf %33, %29 : vector<4xf32>
          %35 = arith.addf %arg12, %34 : vector<4xf32>
          %36 = affine.apply affine_map<(d0) -> (d0 + 20)>(%24)
          %37 = vector.load %0[%36] : memref<48xf32>, vector<4xf32>
          %38 = arith.mulf %37, %29 : vector<4xf32>
          %39 = arith.addf %arg13, %38 : vector<4xf32>
          %40 = affine.apply affine_map<(d0) -> (d0 + 32)>(%24)
          %41 = vector.load %0[%40] : memref<48xf32>, vector<4xf32>
          %42 = arith.mulf %41, %29 : vector<4xf32>
          %43 = arith.addf %arg14, %42 : vector<4xf32>
          scf.yield %31, %35, %39, %43 : vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>
        }
        %44 = affine.max #map(%arg4)
        %45 = affine.min #map1(%arg4)
        %c1_2 = arith.constant 1 : index
        %46:4 = scf.for %arg15 = %44 to %45 step %c1_2 iter_args(%arg16 = %23#0, %arg17 = %23#1, %arg18 = %23#2, %arg19 = %23#3) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) {
          %47 = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1 * 4)>(%arg4, %arg15)
          %48 = affine.apply affine_map<(d0) -> (d0 + 8)>(%47)
          %49 = vector.load %0[%48] : memref<48xf32>, vector<4xf32>
          %50 = affine.apply affine_map<(d0) -> (d0 * 4)>(%arg15)
          %51 = affine.apply affine_map<(d0) -> (d0 + 24)>(%50)
          %52 = vector.load %1[%51] : memref<36xf32>, vector<4xf32>
          %53 = arith.mulf %49, %52 : vector<4xf32>
          %54 = arith.addf %arg16, %53 : vector<4xf32>
          %55 = affine.apply affine_map<(d0) -> (d0 + 20)>(%47)
          %56 = vector.load %0[%55] : memref<48xf32>, vector<4xf32>
          %57 = arith.mulf %56, %52 : vector<4xf32>
          %58 = arith.addf %arg17, %57 : vector<4xf32>
          %59 = affine.apply affine_map<(d0) -> (d0 + 32)>(%47)
          %60 = vector.load %0[%59] : memref<48xf32>, vector<4xf32>
          %61 = arith.mulf %60, %52 : vector<4xf32>
          %62 = arith.addf %arg18, %61 : vector<4xf32>
          scf.yield %54, %58, %62, %arg19 : vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>
        }
        %63 = affine.apply affine_map<(d0) -> (d0 * 4)>(%arg4)
        vector.store %46#0, %2[%63] : memref<48xf32>, vector<4xf32>
        %64 = affine.apply affine_map<(d0) -> (d0 + 12)>(%63)
        vector.store %46#1, %2[%64] : memref<48xf32>, vector<4xf32>
        %65 = affine.apply affine_map<(d0) -> (d0 + 24)>(%63)
        vector.store %46#2, %2[%65] : memref<48xf32>, vector<4xf32>
        %66 = affine.apply affine_map<(d0) -> (d0 + 36)>(%63)
        vector.store %46#3, %2[%66] : memref<48xf32>, vector<4xf32>
      }
    }
    func.return
  }
}
