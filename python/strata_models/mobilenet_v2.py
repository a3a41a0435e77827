"""MobileNetV2 1.0 of torchvision."""

from __future__ import annotations

import sys

from torchvision.models import mobilenet_v2

from .images import image
from .model import ReferenceModel, main

MODEL = ReferenceModel(
    name="mobilenet-v2",
    summary="MobileNetV2 1.0 of torchvision",
    parameters=3_504_872,
    build=lambda: mobilenet_v2(weights=None),
    example=image("x"),
)

if __name__ == "__main__":
    sys.exit(main([MODEL]))
