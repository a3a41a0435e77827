"""MobileNetV3 large 1.0 of torchvision."""

from __future__ import annotations

import sys

from torchvision.models import mobilenet_v3_large

from .images import image
from .model import ReferenceModel, main

MODEL = ReferenceModel(
    name="mobilenet-v3-large",
    summary="MobileNetV3 large 1.0 of torchvision",
    parameters=5_483_032,
    build=lambda: mobilenet_v3_large(weights=None),
    example=image("x"),
)

if __name__ == "__main__":
    sys.exit(main([MODEL]))
