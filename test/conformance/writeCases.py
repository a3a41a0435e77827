"""Writes the node cases of the ONNX backend test suite as folders: model.onnx, test_data_set_0/{input,output}_N.pb.

The `onnx` package keeps these cases in memory; its own `cmd_tools generate-data` writes the model cases alone.
Usage: python writeCases.py DIR [REGEX]
"""

import json
import os
import re
import sys
import warnings

import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

USUAL_TOLERANCE = (1e-3, 1e-7)


def serialised(value: object, info: onnx.ValueInfoProto) -> bytes:
    """The test data of one input or output, by the type that the graph declares."""
    kind = info.type.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name).SerializeToString()
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name).SerializeToString()
    if kind == "map_type":
        return numpy_helper.from_dict(value, info.name).SerializeToString()
    if isinstance(value, TensorProto):
        return value.SerializeToString()
    return numpy_helper.from_array(value, info.name).SerializeToString()


def write(folder: str, case: object) -> None:
    target = os.path.join(folder, case.name)
    os.makedirs(target, exist_ok=True)
    with open(os.path.join(target, "model.onnx"), "wb") as file:
        file.write(case.model.SerializeToString())
    if (case.rtol, case.atol) != USUAL_TOLERANCE:
        with open(os.path.join(target, "data.json"), "w", encoding="utf-8") as file:
            json.dump({"rtol": case.rtol, "atol": case.atol}, file, sort_keys=True)
    for i, (inputs, outputs) in enumerate(case.data_sets):
        data = os.path.join(target, f"test_data_set_{i}")
        os.makedirs(data, exist_ok=True)
        for what, values, infos in (
            ("input", inputs, case.model.graph.input),
            ("output", outputs, case.model.graph.output),
        ):
            for j, value in enumerate(values):
                with open(os.path.join(data, f"{what}_{j}.pb"), "wb") as file:
                    file.write(serialised(value, infos[j]))


def main(folder: str, pattern: str = "") -> None:
    warnings.simplefilter("ignore")
    cases = [c for c in load_model_tests(kind="node") if re.search(pattern, c.name)]
    for case in cases:
        write(os.path.join(folder, "node"), case)
    print(f"{len(cases)} cases of onnx {onnx.__version__}")


if __name__ == "__main__":
    main(*sys.argv[1:])
