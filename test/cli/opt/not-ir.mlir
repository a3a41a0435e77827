// strata opt %s --passes cse
func.func @main(%x: f32) -> f32 {
  %0 = arith.mulf %x, %y : f32
  return %0 : f32
}
// ===== output
// STR0103 <stdin>:3:23: %y is used but not defined
//     %0 = arith.mulf %x, %y : f32
//                         ^
