// strata opt %s --passes dce --generic
func.func @main(%x: f32) -> f32 {
  %unused = arith.addf %x, %x : f32
  %0 = arith.mulf %x, %x : f32
  return %0 : f32
}
// ===== output
"builtin.module"() ({
  "func.func"() <{function_type = (f32) -> f32, sym_name = "main"}> ({
  ^bb0(%arg0: f32):
    %0 = "arith.mulf"(%arg0, %arg0) : (f32, f32) -> f32
    "func.return"(%0) : (f32) -> ()
  }) : () -> ()
}) : () -> ()
