"""Parameter counts are the published ones; exported files compute what the modules compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from strata_models.export_all import MODELS
from strata_models.model import ReferenceModel, count_parameters, export_onnx, main, seeded

by_name = {m.name: m for m in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_parameters_are_the_published_ones(model: ReferenceModel) -> None:
    # Without memory for the weights.
    with torch.device("meta"):
        assert count_parameters(model.build()) == model.parameters


@pytest.mark.parametrize("name", ["mobilenet-v3-small", "llama-15m"])
def test_file_computes_what_the_module_computes(name: str, tmp_path: Path) -> None:
    ort = pytest.importorskip("onnxruntime")
    model = by_name[name]
    file = export_onnx(model, tmp_path, seed=3)
    torch.manual_seed(7)
    inputs = model.example().inputs
    with torch.no_grad():
        expected = seeded(model, 3)(**inputs).numpy()
    session = ort.InferenceSession(str(file))
    (found,) = session.run(None, {k: v.numpy() for k, v in inputs.items()})
    assert [o.name for o in session.get_outputs()] == list(model.example().outputs)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_seed_decides_the_weights() -> None:
    model = by_name["mobilenet-v3-small"]
    one, same, other = (next(seeded(model, s).parameters()) for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_names_are_listed_and_unknown_ones_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(MODELS, ["--list"]) == 0
    assert "resnet50\t25557032\t" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(MODELS, ["--only", "gpt"])
    assert "there is no model 'gpt'" in capsys.readouterr().err
