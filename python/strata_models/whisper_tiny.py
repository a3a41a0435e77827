"""Whisper-tiny of transformers: the encoder, and the decoder without a cache."""

from __future__ import annotations

import sys

import torch
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from .model import Example, ReferenceModel, main

CONFIG = WhisperConfig(
    d_model=384,
    encoder_layers=4,
    decoder_layers=4,
    encoder_attention_heads=6,
    decoder_attention_heads=6,
    encoder_ffn_dim=1536,
    decoder_ffn_dim=1536,
    vocab_size=51865,
    attn_implementation="eager",
)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = WhisperForConditionalGeneration(CONFIG).model.encoder

    def forward(self, input_features: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.encoder(input_features).last_hidden_state
        return states


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        whole = WhisperForConditionalGeneration(CONFIG)
        self.decoder = whole.model.decoder
        self.proj_out = whole.proj_out

    def forward(self, input_ids: torch.Tensor, encoder_hidden_states: torch.Tensor) -> torch.Tensor:
        states = self.decoder(
            input_ids=input_ids, encoder_hidden_states=encoder_hidden_states, use_cache=False
        ).last_hidden_state
        logits: torch.Tensor = self.proj_out(states)
        return logits


ENCODER = ReferenceModel(
    name="whisper-tiny-encoder",
    summary="Whisper-tiny of transformers, encoder",
    parameters=8_208_384,
    build=Encoder,
    example=lambda: Example({"input_features": torch.randn(1, 80, 3000)}, ("last_hidden_state",)),
)
DECODER = ReferenceModel(
    name="whisper-tiny-decoder",
    summary="Whisper-tiny of transformers, decoder of four tokens without a cache",
    parameters=29_552_256,
    build=Decoder,
    example=lambda: Example(
        {"input_ids": torch.tensor([[50258, 50259, 50359, 50363]]), "encoder_hidden_states": torch.randn(1, 1500, 384)},
        ("logits",),
    ),
)

if __name__ == "__main__":
    sys.exit(main([ENCODER, DECODER]))
