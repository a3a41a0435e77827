#!/usr/bin/env python3
"""Compares TensorFlow Lite models with LiteRT's reference kernels, on seeded random inputs.

For published models, such as MLPerf Tiny's, which are not kept here. Needs the `ai-edge-litert` Python package.
Usage: python compareTflite.py MODEL.tflite...
Prints one line a model: for integers the largest difference in steps and how many elements differ, for floats
max |a - b| / max |b|; behind it the same of LiteRT's own optimised kernels.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

STRATA = os.path.join(os.path.dirname(__file__), "..", "..", "bin", "strata.mjs")
SEEDS = 3


def random_input(rng: np.random.Generator, shape: np.ndarray, dtype: type) -> np.ndarray:
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max + 1, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def litert(file: str, inputs: list[np.ndarray], resolver: OpResolverType) -> np.ndarray:
    interpreter = Interpreter(file, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def strata(file: str, names: list[str], inputs: list[np.ndarray]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        command = ["node", STRATA, "run", file, "--output-dir", os.path.join(folder, "out")]
        for i, (name, value) in enumerate(zip(names, inputs)):
            np.save(os.path.join(folder, f"{i}.npy"), value)
            command += ["--input", f"{name}={folder}/{i}.npy"]
        subprocess.run(command, check=True, capture_output=True)
        (output,) = sorted(os.listdir(os.path.join(folder, "out")))
        return np.load(os.path.join(folder, "out", output))


def difference(found: np.ndarray, expected: np.ndarray) -> str:
    if np.issubdtype(expected.dtype, np.integer):
        steps = np.abs(found.astype(np.int64) - expected.astype(np.int64))
        return f"{steps.max()} steps, {np.count_nonzero(steps)} of {steps.size}"
    return f"{np.abs(found - expected).max() / np.abs(expected).max():.1e}"


def main(files: list[str]) -> None:
    for file in files:
        details = Interpreter(file).get_input_details()
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            inputs = [random_input(rng, d["shape"], d["dtype"]) for d in details]
            expected = litert(file, inputs, OpResolverType.BUILTIN_REF)
            ours = difference(strata(file, [d["name"] for d in details], inputs), expected)
            theirs = difference(litert(file, inputs, OpResolverType.AUTO), expected)
            print(f"{os.path.basename(file)}, seed {seed}: {ours}; LiteRT optimised: {theirs}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
