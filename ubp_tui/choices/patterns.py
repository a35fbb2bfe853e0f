"""Patterns that are worth offering for the layers of a network, so that none need be typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ubp_tui.renderables.layers.rows import matches

if TYPE_CHECKING:
    from ubp_core.models import Layer

MOST = 12
"""Patterns that are offered at most."""


def suggest_patterns(layers: Sequence[Layer], most: int = MOST) -> list[tuple[str, int]]:
    """Patterns and how many layers they mean, the most common first: kinds, sizes of kernels, parts of names.

    Left out is what means all layers or only one, and what means the same layers as another pattern.
    """
    words = Counter(word for layer in layers for word in dict.fromkeys(_words_of(layer)))
    found: dict[frozenset[str], str] = {}
    for word, _ in sorted(words.items(), key=lambda pair: -pair[1]):
        meant = frozenset(layer.name for layer in layers if matches(word, layer))
        if 1 < len(meant) < len(layers):
            found.setdefault(meant, word)
    ranked = sorted(found.items(), key=lambda pair: -len(pair[0]))
    return [(word, len(meant)) for meant, word in ranked[:most]]


def _words_of(layer: Layer) -> Iterable[str]:
    """What a layer has in common with others."""
    if len(layer.shape) == 4:
        yield f"{layer.shape[2]}x{layer.shape[3]}"
    yield layer.kind
    if "." in layer.name:
        parts = layer.name.split(".")
        yield f"*.{parts[-1]}" if not parts[-1].isdecimal() else "*." + ".".join(parts[-2:])
        yield f"{parts[0]}.*"
