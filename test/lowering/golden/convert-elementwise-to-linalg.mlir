// strata opt %s --passes builtin.module(func.func(convert-elementwise-to-linalg))
// same results

func.func @main(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>, %c: tensor<2x3xi1>) -> tensor<2x3xf32> {
  %0 = arith.addf %a, %b : tensor<2x3xf32>
  %1 = math.exp %0 : tensor<2x3xf32>
  %2 = arith.select %c, %1, %a : tensor<2x3xi1>, tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}
// ===== output
#map = affine_map<(d0, d1) -> (d0, d1)>
module {
  func.func @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x3xi1>) -> tensor<2x3xf32> {
    %0 = tensor.empty() : tensor<2x3xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0, %arg1 : tensor<2x3xf32>, tensor<2x3xf32>) outs(%0 : tensor<2x3xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %2 = arith.addf %in, %in_0 : f32
      linalg.yield %2 : f32
    } -> tensor<2x3xf32>
    %3 = tensor.empty() : tensor<2x3xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%1 : tensor<2x3xf32>) outs(%3 : tensor<2x3xf32>) {
    ^bb0(%in_1: f32, %out_0: f32):
      %5 = math.exp %in_1 : f32
      linalg.yield %5 : f32
    } -> tensor<2x3xf32>
    %6 = tensor.empty() : tensor<2x3xf32>
    %7 = linalg.generic {indexing_maps = [#map, #map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg2, %4, %arg0 : tensor<2x3xi1>, tensor<2x3xf32>, tensor<2x3xf32>) outs(%6 : tensor<2x3xf32>) {
    ^bb0(%in_2: i1, %in_3: f32, %in_4: f32, %out_1: f32):
      %8 = arith.select %in_2, %in_3, %in_4 : f32
      linalg.yield %8 : f32
    } -> tensor<2x3xf32>
    func.return %7 : tensor<2x3xf32>
  }
}
