"""MobileNetV3 small 1.0 of torchvision."""

from __future__ import annotations

import sys

from torchvision.models import mobilenet_v3_small

from .images import image
from .model import ReferenceModel, main

MODEL = ReferenceModel(
    name="mobilenet-v3-small",
    summary="MobileNetV3 small 1.0 of torchvision",
    parameters=2_542_856,
    build=lambda: mobilenet_v3_small(weights=None),
    example=image("x"),
)

if __name__ == "__main__":
    sys.exit(main([MODEL]))
