// Custom assembly that corpora of real files showed to be hard, written for this test.
#map = affine_map<(d0) -> (d0 * 2)>
module @outer attributes {} {
  func.func private @external(memref<?xf32> {llvm.noalias}, i32) -> (i32 {a.b}) attributes {x.y}
  func.func @launch(%arg0: memref<8xf32>, %n: index) attributes {} {
    gpu.launch blocks(%bx, %by, %bz) in (%gx = %n, %gy = %n, %gz = %n) threads(%tx, %ty, %tz) in (%sx = %n, %sy = %n, %sz = %n) {
      %v = memref.load %arg0[%tx] : memref<8xf32>
      memref.store %v, %arg0[%bx] : memref<8xf32>
      gpu.terminator
    }
    return
  }
  func.func @loops(%a: f32, %c: i1, %m: memref<8x8xf32>, %n: index) -> (f32, index) {
    %r:2 = scf.while (%x = %a, %i = %n) : (f32, index) -> (f32, index) {
      scf.condition(%c) %x, %i : f32, index
    } do {
    ^bb0(%y: f32, %j: index):
      scf.yield %y, %j : f32, index
    }
    affine.for %i = 0 to 8 {
      affine.for %j = 0 to min affine_map<(d0) -> (d0, 8)>(%i) {
        %0 = affine.load %m[%i + %j, %j] : memref<8x8xf32>
        affine.store %0, %m[%j, %i] : memref<8x8xf32>
      }
    }
    %view = memref.reinterpret_cast %m to offset: [%n], sizes: [4, 4], strides: [%n, 1]
      : memref<8x8xf32> to memref<4x4xf32, strided<[?, 1], offset: ?>>
    scf.index_switch %n
    case 2 {
      scf.yield
    }
    default {
    }
    return %r#0, %r#1 : f32, index
  }
  func.func @blocks(%flag: i32, %v: f32) -> f32 {
    cf.switch %flag : i32, [
      default: ^bb1(%v : f32),
      42: ^bb2(%v, %v : f32, f32)
    ]
  ^bb1(%p: f32):
    cf.br ^bb2(%p, %v : f32, f32)
  ^bb2(%q: f32, %s: f32):  // 2 preds: ^bb0, ^bb1
    %t = arith.addf %q, %s fastmath<fast> : f32 loc("a b.py":1:2)
    return %t : f32
  }
  func.func @structured(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %o: tensor<4x4xf32>) -> tensor<4x4xf32> {
    %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>)
      outs(%o : tensor<4x4xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %1 = arith.mulf %x, %y : f32
      %2 = arith.addf %z, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<4x4xf32>
    %3 = linalg.map { math.exp } ins(%0 : tensor<4x4xf32>) outs(%o : tensor<4x4xf32>)
    return %3 : tensor<4x4xf32>
  }
  pdl.pattern @rule : benefit(1) {
    %type = type
    %value = operand
    %root = operation "foo.op"(%value : !pdl.value) -> (%type : !pdl.type)
    rewrite %root {
      %other = operation "foo.other"(%value : !pdl.value) -> (%type : !pdl.type)
      replace %root with %other
    }
  }
  "test.any"() <{name = "{ %not = a.b }"}> ({
  ^bb0(%x: i32):
    "test.use"(%x) [^bb1] : (i32) -> ()
  ^bb1:
    "test.end"() {k = #map} : () -> ()
  }) : () -> ()
}
