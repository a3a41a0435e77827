// strata opt %s
module {
  func.func @cf(%arg0: i1, %arg1: index) -> index {
    cf.cond_br %arg0, ^bb1(%arg1 : index), ^bb2
  ^bb1(%0: index):
    cf.br ^bb3(%0 : index)
  ^bb2:
    cf.br ^bb3(%arg1 : index)
  ^bb3(%1: index):
    func.return %1 : index
  }
}
