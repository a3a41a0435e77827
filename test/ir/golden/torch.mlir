// strata opt %s
// mlir-opt: no, because torch-mlir is not part of it
func.func @main(%arg0: !torch.vtensor<[2,?],f32>, %arg1: !torch.vtensor<[],i1>) -> !torch.vtensor<[2,?],f32> attributes {torch.onnx_meta.opset_version = 17 : si64} {
  %none = torch.constant.none
  %0:2 = torch.operator "onnx.Split"(%arg0) {torch.onnx.axis = 0 : si64} : (!torch.vtensor<[2,?],f32>) -> (!torch.vtensor<[1,?],f32>, !torch.vtensor<[1,?],f32>)
  %1 = torch.operator "onnx.If"(%arg1) : (!torch.vtensor<[],i1>) -> !torch.vtensor<[2,?],f32> {
    %2 = torch.operator "onnx.Clip"(%arg0, %none, %none) : (!torch.vtensor<[2,?],f32>, !torch.none, !torch.none) -> !torch.vtensor<[2,?],f32>
    torch.operator_terminator %2 : !torch.vtensor<[2,?],f32>
  }, {
    torch.operator_terminator %arg0 : !torch.vtensor<[2,?],f32>
  }
  return %1 : !torch.vtensor<[2,?],f32>
}
// ===== output
module {
  func.func @main(%arg0: !torch.vtensor<[2,?],f32>, %arg1: !torch.vtensor<[],i1>) -> !torch.vtensor<[2,?],f32> attributes {torch.onnx_meta.opset_version = 17 : si64} {
    %none = torch.constant.none
    %0:2 = torch.operator "onnx.Split"(%arg0) {torch.onnx.axis = 0 : si64} : (!torch.vtensor<[2,?],f32>) -> (!torch.vtensor<[1,?],f32>, !torch.vtensor<[1,?],f32>)
    %1 = torch.operator "onnx.If"(%arg1) : (!torch.vtensor<[],i1>) -> !torch.vtensor<[2,?],f32> {
      %2 = torch.operator "onnx.Clip"(%arg0, %none, %none) : (!torch.vtensor<[2,?],f32>, !torch.none, !torch.none) -> !torch.vtensor<[2,?],f32>
      torch.operator_terminator %2 : !torch.vtensor<[2,?],f32>
    }, {
      torch.operator_terminator %arg0 : !torch.vtensor<[2,?],f32>
    }
    func.return %1 : !torch.vtensor<[2,?],f32>
  }
}
