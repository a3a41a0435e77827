// strata opt %s --passes=builtin.module(choose-schedules)
module attributes {strata.target = {arch = "x86_64", features = ["avx512f", "fma"]}} {
  func.func @main(%arg0: tensor<3x50xf32>) -> tensor<3x50xf32> {
    %0 = "dispatch.region"(%arg0) <{sym_name = "negate"}> ({
    ^bb0(%a: tensor<3x50xf32>):
      %e = tensor.empty() : tensor<3x50xf32>
      %m = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<3x50xf32>) outs(%e : tensor<3x50xf32>) {
      ^bb0(%x: f32, %o: f32):
        %s = arith.negf %x : f32
        linalg.yield %s : f32
      } -> tensor<3x50xf32>
      "dispatch.yield"(%m) : (tensor<3x50xf32>) -> ()
    }) : (tensor<3x50xf32>) -> tensor<3x50xf32>
    return %0 : tensor<3x50xf32>
  }
}
// ===== output
#map = affine_map<(d0, d1) -> (d0, d1)>
module attributes {strata.target = {arch = "x86_64", features = ["avx512f", "fma"]}} {
  func.func @main(%arg0: tensor<3x50xf32>) -> tensor<3x50xf32> {
    %0 = "dispatch.region"(%arg0) <{schedule = {block = array<i64: 0>, bound = "memory", lanes = 16 : i64, loops = ["d0.d1"], order = array<i64: 0>, predicted_ns = 60 : i64, sizes = array<i64: 150>, tile = array<i64: 64>, vector = 0 : i64}, sym_name = "negate"}> ({
    ^bb0(%arg1: tensor<3x50xf32>):
      %1 = tensor.empty() : tensor<3x50xf32>
      %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg1 : tensor<3x50xf32>) outs(%1 : tensor<3x50xf32>) {
      ^bb0(%in: f32, %out: f32):
        %3 = arith.negf %in : f32
        linalg.yield %3 : f32
      } -> tensor<3x50xf32>
      "dispatch.yield"(%2) : (tensor<3x50xf32>) -> ()
    }) : (tensor<3x50xf32>) -> tensor<3x50xf32>
    func.return %0 : tensor<3x50xf32>
  }
}
