// strata opt %s
#map = affine_map<(d0, d1) -> (d1, d0)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1)>
module {
  func.func @vec(%arg0: index, %arg1: f32, %arg2: memref<8x?xf32>, %arg3: tensor<8x16xf32>, %arg4: vector<8xf32>, %arg5: vector<4x8xf32>, %arg6: vector<8xi1>, %arg7: vector<8xi32>, %arg8: vector<2x4x8xf32>, %arg9: vector<f32>) {
    %cst = arith.constant dense<0.000000e+00> : vector<2x8xf32>
    %0 = vector.broadcast %arg1 : f32 to vector<8x8xf32>
    %1 = vector.load %arg2[%arg0, %arg0] : memref<8x?xf32>, vector<8xf32>
    %2 = vector.load %arg2[%arg0, %arg0] {alignment = 4 : i64} : memref<8x?xf32>, vector<8xf32>
    vector.store %1, %arg2[%arg0, %arg0] : memref<8x?xf32>, vector<8xf32>
    %3 = vector.maskedload %arg2[%arg0, %arg0], %arg6, %arg4 : memref<8x?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
    vector.maskedstore %arg2[%arg0, %arg0], %arg6, %arg4 : memref<8x?xf32>, vector<8xi1>, vector<8xf32>
    %4 = vector.transfer_read %arg2[%arg0, %arg0], %arg1 : memref<8x?xf32>, vector<8xf32>
    %5 = vector.transfer_read %arg3[%arg0, %arg0], %arg1 {in_bounds = [true, true], permutation_map = #map} : tensor<8x16xf32>, vector<8x4xf32>
    %6 = vector.transfer_read %arg3[%arg0, %arg0], %arg1, %arg6 {in_bounds = [true]} : tensor<8x16xf32>, vector<8xf32>
    vector.transfer_write %arg4, %arg2[%arg0, %arg0] {in_bounds = [true]} : vector<8xf32>, memref<8x?xf32>
    vector.transfer_write %arg4, %arg2[%arg0, %arg0], %arg6 : vector<8xf32>, memref<8x?xf32>
    %7 = vector.transfer_write %arg4, %arg3[%arg0, %arg0] : vector<8xf32>, tensor<8x16xf32>
    %8 = vector.broadcast %arg1 : f32 to vector<8xf32>
    %9 = vector.broadcast %arg4 : vector<8xf32> to vector<4x8xf32>
    %10 = vector.fma %arg4, %arg4, %arg4 : vector<8xf32>
    %11 = vector.extract %arg5[1] : vector<8xf32> from vector<4x8xf32>
    %12 = vector.extract %arg5[1, 2] : f32 from vector<4x8xf32>
    %13 = vector.extract %arg4[%arg0] : f32 from vector<8xf32>
    %14 = vector.insert %arg4, %arg5 [2] : vector<8xf32> into vector<4x8xf32>
    %15 = vector.insert %arg1, %arg4 [%arg0] : f32 into vector<8xf32>
    %16 = vector.extract_strided_slice %arg5 {offsets = [1 : i64, 2 : i64], sizes = [2 : i64, 4 : i64], strides = [1 : i64, 1 : i64]} : vector<4x8xf32> to vector<2x4xf32>
    %17 = vector.insert_strided_slice %16, %arg5 {offsets = [0 : i64, 1 : i64], strides = [1 : i64, 1 : i64]} : vector<2x4xf32> into vector<4x8xf32>
    %18 = vector.shuffle %arg4, %arg4 [0, 8, 1, 9] : vector<8xf32>, vector<8xf32>
    %19 = vector.reduction <add>, %arg4 : vector<8xf32> into f32
    %20 = vector.reduction <maximumf>, %arg4, %arg1 fastmath<reassoc> : vector<8xf32> into f32
    %21 = vector.contract {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %16, %arg5, %cst : vector<2x4xf32>, vector<4x8xf32> into vector<2x8xf32>
    %22 = vector.gather %arg2[%arg0, %arg0][%arg7], %arg6, %arg4 : memref<8x?xf32>, vector<8xi32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
    vector.scatter %arg2[%arg0, %arg0][%arg7], %arg6, %arg4 : memref<8x?xf32>, vector<8xi32>, vector<8xi1>, vector<8xf32>
    %23 = vector.create_mask %arg0, %arg0 : vector<4x8xi1>
    %24 = vector.constant_mask [2, 3] : vector<4x8xi1>
    %25 = vector.shape_cast %arg5 : vector<4x8xf32> to vector<32xf32>
    %26 = vector.from_elements %arg1, %arg1 : vector<2xf32>
    %27:2 = vector.to_elements %26 : vector<2xf32>
    %28 = vector.bitcast %arg4 : vector<8xf32> to vector<8xi32>
    %29 = vector.step : vector<8xindex>
    %30 = vector.transpose %arg5, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
    %31 = vector.multi_reduction <add>, %arg5, %arg4 [0] : vector<4x8xf32> to vector<8xf32>
    %32 = vector.outerproduct %arg4, %arg1 : vector<8xf32>, f32
    %33 = vector.outerproduct %arg4, %arg4, %0 : vector<8xf32>, vector<8xf32>
    %34 = vector.extract %arg9[] : f32 from vector<f32>
    %35 = vector.interleave %arg4, %arg4 : vector<8xf32> -> vector<16xf32>
    %36:2 = vector.deinterleave %arg4 : vector<8xf32> -> vector<4xf32>
    func.return
  }
}
