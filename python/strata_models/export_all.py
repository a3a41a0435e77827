"""All reference models: ``python -m strata_models.export_all -o FOLDER``."""

from __future__ import annotations

import sys

from . import (
    llama,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3_large,
    mobilenet_v3_small,
    resnet50,
    whisper_tiny,
)
from .model import ReferenceModel, main

MODELS: list[ReferenceModel] = [
    mobilenet_v1.MODEL,
    mobilenet_v2.MODEL,
    mobilenet_v3_small.MODEL,
    mobilenet_v3_large.MODEL,
    resnet50.MODEL,
    whisper_tiny.ENCODER,
    whisper_tiny.DECODER,
    *llama.MODELS,
]

if __name__ == "__main__":
    sys.exit(main(MODELS))
