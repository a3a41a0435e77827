"""The input of image classifiers."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .model import Example


def image(name: str, size: int = 224) -> Callable[[], Example]:
    """One image, and the scores of its classes."""

    def example() -> Example:
        return Example({name: torch.randn(1, 3, size, size)}, ("output",))

    return example
