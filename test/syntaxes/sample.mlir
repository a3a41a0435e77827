// A line of each kind that MLIR text has.
#map = affine_map<(d0, d1)[s0] -> (d0 * 2 + d1, s0 floordiv 3)>
!block = !q.block<q4_K>
module @net attributes {strata.target = {arch = "x86_64", level = "avx512"}} {
  func.func private @main(%arg0: tensor<1x3x?x224xf32> {strata.name = "input"}) -> (tensor<*xbf16>, index) {
    %cst = arith.constant dense_resource<features.0.weight> : tensor<32x3x3x3xf32>
    %cst_0 = arith.constant dense<[1.0, -2.5e-03]> : tensor<2xf64>
    %0:2 = "nn.split"(%arg0) <{axis = 1 : i64, exact = true}> : (tensor<1x3x?x224xf32>) -> (tensor<*xbf16>, index)
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} ins(%0#0 : tensor<*xbf16>) outs(%cst : tensor<32x3x3x3xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<32x3x3x3xf32>
    scf.for %i = %c0 to %c8 step %c1 iter_args(%acc = %cst_0) -> (vector<16xf32>) {
      %2 = vector.load %m[%i] : memref<?x16xf32, strided<[16, 1], offset: ?>>, vector<16xf32>
      cf.cond_br %flag, ^bb1(%2 : vector<16xf32>), ^bb2
    } {note = "a \"quoted\" \41 text"}
    %3 = vector.insert %2, %z [0x1F] : vector<[4]xi8> into vector<2x[4]xi8>
    %4 = arith.cmpi sge, %a, %b : ui16 loc(fused["conv"("m.onnx":3:0), #loc1])
    return %0#1, %1 : !block, tensor<32x3x3x3xf32>
  }
}
{-#
  dialect_resources: {
    builtin: { w: "0x04000000" }
  }
#-}
