// strata opt %s --locations
func.func @main(%x: f32) -> f32 {
  %0 = arith.mulf %x, %x : f32 loc("square")
  return %0 : f32
}
// ===== output
module {
  func.func @main(%arg0: f32 loc(unknown)) -> f32 {
    %0 = arith.mulf %arg0, %arg0 : f32 loc(#loc)
    func.return %0 : f32 loc(#loc1)
  } loc(#loc2)
} loc(unknown)
#loc = loc("square")
#loc1 = loc("<stdin>":4:3)
#loc2 = loc("<stdin>":2:1)
