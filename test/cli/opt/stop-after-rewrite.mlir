// strata opt %s --passes canonicalize --stop-after-rewrite 1
func.func @main(%x: i32) -> i32 {
  %zero = arith.constant 0 : i32
  %0 = arith.addi %x, %zero : i32
  %1 = arith.addi %0, %zero : i32
  %2 = arith.muli %1, %1 : i32
  return %2 : i32
}
// ===== output
module {
  func.func @main(%arg0: i32) -> i32 {
    %c0_i32 = arith.constant 0 : i32
    %0 = arith.addi %arg0, %c0_i32 : i32
    %1 = arith.muli %0, %0 : i32
    func.return %1 : i32
  }
}
