"""What all chats begin with, read once."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache

SHORTEST = 16
"""Tokens of a beginning that is worth to be remembered."""


class Prefixes:
    """Keys and values of beginnings of chats, as long as the weights that they come from are not changed.

    Causal attention lets no token see what follows it, so that the same beginning has the same keys and values in every
    chat.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = {}
        self._read_by: tuple[Any, ...] = ()

    def cache(self, language: nn.Module, beginning: Sequence[int], count: int) -> DynamicCache:
        """For `count` chats that begin so.

        Args:
            language: transformers' text model.
            beginning: token ids, none of a picture.
            count: chats that go on from there.
        """
        reader, ids = _state_of(language), tuple(beginning)
        known = self._known if reader == self._read_by else {}
        if ids not in known:
            known[ids] = _read(language, ids)
        self._known, self._read_by = known, reader
        cache = DynamicCache()
        for number, (keys, values) in enumerate(known[ids]):
            cache.update(keys.expand(count, -1, -1, -1), values.expand(count, -1, -1, -1), number)
        return cache


def _state_of(language: nn.Module) -> tuple[Any, ...]:
    """Equal as long as the same weights compute in the same way."""
    parameters = list(language.parameters())
    device = parameters[0].device
    half = torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else None
    return device, half, *((id(weight), weight.dtype, weight._version) for weight in parameters)


def _read(language: Any, ids: tuple[int, ...]) -> list[tuple[Tensor, Tensor]]:
    device, cache = language.embed_tokens.weight.device, DynamicCache()
    positions = torch.arange(len(ids), device=device).expand(3, 1, -1)
    embedded = language.embed_tokens(torch.tensor([ids], device=device))
    language(inputs_embeds=embedded, position_ids=positions, past_key_values=cache, use_cache=True)
    layers: Any = cache.layers
    return [(layer.keys, layer.values) for layer in layers]
