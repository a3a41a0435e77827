"""MobileNetV1 1.0 of transformers, with 1000 classes."""

from __future__ import annotations

import sys

import torch
from torch import nn
from transformers import MobileNetV1Config, MobileNetV1ForImageClassification

from .images import image
from .model import ReferenceModel, main


class Logits(nn.Module):
    """The classifier with its scores as the only result."""

    def __init__(self) -> None:
        super().__init__()
        self.model = MobileNetV1ForImageClassification(MobileNetV1Config(num_labels=1000))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(pixel_values).logits
        return logits


MODEL = ReferenceModel(
    name="mobilenet-v1",
    summary="MobileNetV1 1.0 of transformers",
    parameters=4_231_976,
    build=Logits,
    example=image("pixel_values"),
)

if __name__ == "__main__":
    sys.exit(main([MODEL]))
