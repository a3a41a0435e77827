"""ResNet-50 v1.5 of torchvision."""

from __future__ import annotations

import sys

from torchvision.models import resnet50

from .images import image
from .model import ReferenceModel, main

MODEL = ReferenceModel(
    name="resnet50",
    summary="ResNet-50 v1.5 of torchvision",
    parameters=25_557_032,
    build=lambda: resnet50(weights=None),
    example=image("x"),
)

if __name__ == "__main__":
    sys.exit(main([MODEL]))
