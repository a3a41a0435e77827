// strata opt %s
#map = affine_map<(d0) -> (d0, 4)>
#map1 = affine_map<(d0)[s0] -> (d0, s0)>
module {
  func.func @aff(%arg0: index, %arg1: index) {
    %0 = affine.apply affine_map<(d0)[s0] -> (d0 + s0)>(%arg0)[%arg1]
    %1 = affine.min #map(%arg0)
    %2 = affine.max #map1(%arg0)[%arg1]
    %3 = affine.apply affine_map<() -> (2)>()
    func.return
  }
}
