"""What a reference model is, and how one becomes a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Example:
    """Inputs to trace a module with, by the names that the file gives them."""

    inputs: dict[str, torch.Tensor]
    outputs: tuple[str, ...]
    #: Axes whose size is known when the model runs: input name -> axis -> symbol.
    dynamic: dict[str, dict[int, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReferenceModel:
    """A module of a library, built with random weights."""

    name: str
    summary: str
    #: Trained parameters of the published architecture.
    parameters: int
    build: Callable[[], nn.Module]
    example: Callable[[], Example]


def seeded(model: ReferenceModel, seed: int = 0) -> nn.Module:
    """The module in evaluation mode; the same seed gives the same weights."""
    torch.manual_seed(seed)
    module = model.build().eval()
    settle_statistics(module)
    return module


def settle_statistics(module: nn.Module) -> None:
    """Gives running statistics of batch normalisation values that are not exactly 0 and 1, as training does."""
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)) and part.running_var is not None:
            assert part.running_mean is not None
            part.running_mean.uniform_(-0.1, 0.1)
            part.running_var.uniform_(0.8, 1.25)


def count_parameters(module: nn.Module) -> int:
    """Elements of all parameters; one that is shared counts once."""
    return sum(p.numel() for p in module.parameters())


def export_onnx(model: ReferenceModel, folder: Path, seed: int = 0) -> Path:
    """Writes ``NAME.onnx`` and returns its path. Weights above 2 GB go to a file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{model.name}.onnx"
    module = seeded(model, seed)
    example = model.example()
    shapes = dynamic_shapes(example)
    with torch.no_grad():
        program = torch.onnx.export(
            module,
            args=(),
            kwargs=example.inputs,
            input_names=list(example.inputs),
            output_names=list(example.outputs),
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    large = 4 * count_parameters(module) > 1_500_000_000
    program.save(str(file), external_data=large)
    return file


def dynamic_shapes(example: Example) -> dict[str, Any] | None:
    """The form that ``torch.export`` takes; symbols of one name are one size."""
    if not example.dynamic:
        return None
    sizes = {name: torch.export.Dim(name) for axes in example.dynamic.values() for name in axes.values()}
    return {
        name: {axis: sizes[symbol] for axis, symbol in example.dynamic.get(name, {}).items()} or None
        for name in example.inputs
    }


def export_mlir(model: ReferenceModel, folder: Path, seed: int = 0) -> Path:
    """Writes ``NAME.mlir`` through iree-turbine, which must be installed."""
    from iree.turbine import aot

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{model.name}.mlir"
    module = seeded(model, seed)
    example = model.example()
    exported = torch.export.export(
        module, args=(), kwargs=example.inputs, dynamic_shapes=dynamic_shapes(example)
    )
    aot.export(exported).save_mlir(str(file))
    return file


def main(models: Sequence[ReferenceModel], arguments: Sequence[str] | None = None) -> int:
    """The command line of one script, and of ``export_all``. Exit code 1 when a model could not be exported."""
    parser = argparse.ArgumentParser(description="Export reference models with seeded weights.")
    parser.add_argument("-o", "--output", type=Path, default=Path("."), help="folder to write to")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this model; may be given again")
    parser.add_argument("--seed", type=int, default=0, help="seed of the weights")
    parser.add_argument("--mlir", action="store_true", help="also as .mlir (needs iree-turbine)")
    parser.add_argument("--list", action="store_true", help="print the names and leave")
    given = parser.parse_args(arguments)
    known = {m.name: m for m in models}
    if given.list:
        for m in models:
            print(f"{m.name}\t{m.parameters}\t{m.summary}")
        return 0
    unknown = [name for name in given.only or [] if name not in known]
    if unknown:
        parser.error(f"there is no model {unknown[0]!r}; known are {', '.join(known)}")
    chosen = [known[name] for name in given.only] if given.only else list(models)
    failed = 0
    for i, model in enumerate(chosen, start=1):
        # One line per model, which the editor shows as progress.
        print(f"{i}/{len(chosen)} {model.name}", flush=True)
        try:
            print(f"wrote {export_onnx(model, given.output, given.seed)}", flush=True)
            if given.mlir:
                print(f"wrote {export_mlir(model, given.output, given.seed)}", flush=True)
        except Exception as error:  # noqa: BLE001 - one model that fails must not keep the others
            failed += 1
            print(f"{model.name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0
