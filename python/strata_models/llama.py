"""Llama of transformers in three sizes, a prompt of 16 tokens without a cache."""

from __future__ import annotations

import sys

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from .model import Example, ReferenceModel, main

VOCABULARY = 32_000


class Logits(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.model = LlamaForCausalLM(config)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids, use_cache=False).logits
        return logits


def llama(
    name: str,
    parameters: int,
    *,
    width: int,
    layers: int,
    heads: int,
    key_heads: int,
    hidden: int,
    tied: bool,
) -> ReferenceModel:
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        intermediate_size=hidden,
        tie_word_embeddings=tied,
        rms_norm_eps=1e-5,
        attn_implementation="eager",
    )
    return ReferenceModel(
        name=name,
        summary=f"Llama of transformers, {parameters:,} parameters",
        parameters=parameters,
        build=lambda: Logits(config),
        example=lambda: Example({"input_ids": torch.arange(16).reshape(1, 16)}, ("logits",)),
    )


MODELS = [
    llama("llama-15m", 15_191_712, width=288, layers=6, heads=6, key_heads=6, hidden=768, tied=True),
    llama("llama-110m", 109_529_856, width=768, layers=12, heads=12, key_heads=12, hidden=2048, tied=True),
    llama("tinyllama-1.1b", 1_100_048_384, width=2048, layers=22, heads=32, key_heads=4, hidden=5632, tied=False),
]

if __name__ == "__main__":
    sys.exit(main(MODELS))
