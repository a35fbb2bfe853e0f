"""Patterns that mean layers: what matches, and which are worth offering so that none need be typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ubp_core.models import Layer
    from ubp_core.models.layers import Kind

KINDS: Final[dict[Kind, str]] = {
    "conv": "conv",
    "depthwise": "dw",
    "grouped": "grp",
    "linear": "lin",
    "transposed": "tr",
}
"""Kinds of layers in four cells; the reason has the whole word."""
MOST: Final = 12
"""Patterns that are offered at most."""


def matches(pattern: str, layer: Layer) -> bool:
    """Whether a typed pattern means a layer.

    Every word must be in the name, the kind or the shape; words with `*`, `?` or `[` must match the whole name.
    """
    text = f"{layer.name} {layer.kind} {KINDS[layer.kind]} {format_shape(layer.shape)}".lower()
    for word in pattern.lower().split():
        glob = any(sign in word for sign in "*?[")
        if not (fnmatchcase(layer.name.lower(), word) if glob else word in text):
            return False
    return True


def format_shape(shape: tuple[int, ...]) -> str:
    """A weight's shape: channels, then the kernel: `320x1152`, `64x32 3x3`."""
    if len(shape) == 4 and shape[2:] != (1, 1):
        return f"{shape[0]}x{shape[1]} {shape[2]}x{shape[3]}"
    return "x".join(str(length) for length in (shape[:2] if len(shape) == 4 else shape))


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
