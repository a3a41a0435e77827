// strata opt %s
module {
  func.func @mem(%arg0: index, %arg1: f32, %arg2: memref<8x?xf32>, %arg3: memref<8x16xf32, strided<[16, 1], offset: ?>>, %arg4: memref<256xi8>) {
    %0 = memref.alloc(%arg0) : memref<?xf32>
    %1 = memref.alloc() {alignment = 64 : i64} : memref<4xf32>
    %2 = memref.alloca() : memref<4xf32>
    memref.dealloc %0 : memref<?xf32>
    %3 = memref.load %arg2[%arg0, %arg0] : memref<8x?xf32>
    %4 = memref.load %arg2[%arg0, %arg0] {nontemporal = true} : memref<8x?xf32>
    memref.store %3, %arg2[%arg0, %arg0] : memref<8x?xf32>
    memref.prefetch %arg2[%arg0, %arg0], read, locality<3>, data : memref<8x?xf32>
    memref.prefetch %arg4[%arg0], write, locality<0>, instr : memref<256xi8>
    %5 = memref.view %arg4[%arg0][] : memref<256xi8> to memref<4xf32>
    %6 = memref.view %arg4[%arg0][%arg0] : memref<256xi8> to memref<?xf32>
    %7 = memref.subview %arg3[%arg0, 2] [4, %arg0] [1, 1] : memref<8x16xf32, strided<[16, 1], offset: ?>> to memref<4x?xf32, strided<[16, 1], offset: ?>>
    %8 = memref.reinterpret_cast %arg2 to offset: [%arg0], sizes: [4, 4], strides: [%arg0, 1] : memref<8x?xf32> to memref<4x4xf32, strided<[?, 1], offset: ?>>
    %9 = memref.cast %arg2 : memref<8x?xf32> to memref<8x4xf32>
    %10 = memref.expand_shape %9 [[0, 1], [2]] output_shape [2, 4, 4] : memref<8x4xf32> into memref<2x4x4xf32>
    %11 = memref.collapse_shape %10 [[0, 1], [2]] : memref<2x4x4xf32> into memref<8x4xf32>
    %12 = memref.get_global @g : memref<2x2xf32>
    %13 = memref.dim %arg2, %arg0 : memref<8x?xf32>
    memref.copy %9, %11 : memref<8x4xf32> to memref<8x4xf32>
    %14 = memref.assume_alignment %9, 64 : memref<8x4xf32>
    func.return
  }
  memref.global "private" constant @g : memref<2x2xf32> = dense<[[0.000000e+00, 1.000000e+00], [2.000000e+00, 3.000000e+00]]>
  memref.global "private" @u : memref<2x2xf32> = uninitialized
  memref.global @u2 : memref<2x2xf32> {alignment = 64 : i64}
  memref.global "private" constant @r : memref<2x2xf32> = dense_resource<w>
}
