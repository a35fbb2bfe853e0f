"""What a tensor's name and shape say of it: stem, classifier, or no layer at all. Shapes alone tell little more.

Owns the guesses on bare checkpoints; every one of them only ever keeps a tensor dense, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import torch

from ubp_core.models.checkpoints.plain_data import find_obstacle
from ubp_core.models.checkpoints.wrapping import AVERAGE
from ubp_core.models.layers import IMAGE_CHANNELS, Kind

HEADS = ("classifier", "fc", "_fc", "head", "heads")
"""What networks call their classifier."""

TRANSPOSED = "transposed"
"""How the reason of a weight begins whose rows are input channels."""

UNFIT = "not a plain layer"
"""How the reason of a weight begins whose bias fits no plain layer."""

_WRAPPERS = ("module", "_orig_mod", "model", "net", "network", "backbone", "_forward_module")
"""May stand in front of it."""

_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("recurrent", re.compile(r"weight_(?:ih|hh|hr)(?:_l\d+)?(?:_reverse)?(?:_orig)?$")),
    ("scale", re.compile(r"(?:^|_)(?:scale|scales|scale_inv|zero_point|zeros|qzeros|amax|gamma)$")),
    ("table", re.compile(r"_table$")),
    ("embedding", re.compile(r"(?:^|_)(?:pos|position|positional|cls|class|dist|mask|register|time|token)_(?:emb|embed|"
                             r"embedding|token|tokens|embeddings)$|(?:^|_)(?:tokens?|queries|query_embed|rel_pos\w*)$")),
    ("buffer", re.compile(r"(?:^|_)(?:mask|masks|anchors?|anchor_grid|grid|inv_freq|freqs|freqs_cis|pe|cos_cached|"
                          r"sin_cached|buffer|running_mean|running_var|prototypes|codebook)$")),
    ("bias", re.compile(r"(?:^|_)bias$")),
)  # fmt: skip
"""Ends of names of tensors that are no layer's weight."""

_EMBEDDING = re.compile(r"(?:^|_)(?:emb|embed|embedding|embeddings|wte|wpe)$|^embed_(?:tokens|positions)$")
"""Modules that look rows up; a linear layer of such a name has a bias."""

_TRANSPOSED = re.compile(
    r"deconv|(?:conv_?|conv\d?d_?)(?:transpose|trans|t)(?:$|[\d_.])|(?:transpose|trans)_?conv|upconv"
)
"""Modules that are transposed convolutions by their name."""


def find_role(name: str, value: torch.Tensor, bias: torch.Tensor | None) -> str | None:
    """Why a tensor stays dense by its name, None where its name says nothing.

    Args:
        name: without wrapping prefixes.
        value: 2-D or 4-D.
        bias: the tensor that stands beside a weight as its bias.
    """
    *path, last = name.split(".")
    for word, pattern in _NAMES:
        if pattern.search(last):
            return f"no layer ({word} by its name)"
    if last == "weight" and path and value.ndim == 2 and bias is None and _EMBEDDING.search(path[-1]):
        return "no layer (embedding by its name)"
    if last != "weight" and _EMBEDDING.search(last):
        return "no layer (embedding by its name)"
    if value.ndim == 4 and any(_TRANSPOSED.search(part.lower()) for part in path):
        return f"{TRANSPOSED} convolution, by its name"
    return None


def find_averages(names: Collection[str]) -> frozenset[str]:
    """Names of moving averages that lie beside trained weights; none where a file has nothing but averages."""
    averages = frozenset(name for name in names if "." in name and AVERAGE.search(name.partition(".")[0]))
    return averages if len(averages) < len(names) else frozenset()


def find_misfit(value: torch.Tensor, bias: torch.Tensor | None) -> str | None:
    """What a bias tells that isn't one plain number for each row; None where it fits or there is none."""
    if bias is None:
        return None
    obstacle = find_obstacle(bias)
    if obstacle is not None or bias.ndim != 1:
        return f"{UNFIT}: its bias {f'is {obstacle}' if obstacle else f'has {bias.ndim} dimensions'}"
    if bias.shape[0] == value.shape[0]:
        return None
    count = f"its bias has {bias.shape[0]} values for {value.shape[0]} rows"
    if bias.shape[0] % max(value.shape[1], 1) == 0:
        return f"{TRANSPOSED} {'convolution' if value.ndim == 4 else 'linear'}: {count}"
    return f"{UNFIT}: {count}"


def find_kind(value: torch.Tensor, stem: bool, reason: str | None = None) -> Kind:
    """What a 2-D or 4-D weight is by its shape, and by the reason why it stays dense."""
    if (reason or "").startswith(TRANSPOSED):
        return "transposed"
    if value.ndim == 2:
        return "linear"
    return "depthwise" if value.shape[1] == 1 < value.shape[0] and not stem else "conv"


def find_stem(shaped: Mapping[str, torch.Tensor]) -> str | None:
    """The convolution that reads the image: the first with 3 input channels, else the very first if it has few.

    Not simply any with few: a grouped convolution of 4 channels per group looks the same.
    """
    convolutions = [name for name, value in shaped.items() if value.ndim == 4]
    colour = next((name for name in convolutions if shaped[name].shape[1] == 3), None)
    if colour or not convolutions:
        return colour
    first = shaped[convolutions[0]]
    return convolutions[0] if first.shape[1] <= IMAGE_CHANNELS < first.shape[0] else None


def find_heads(shaped: Mapping[str, torch.Tensor]) -> frozenset[str]:
    """The last 2-D weight under each name that networks give their classifier; shapes have no other way to know it."""
    heads: dict[tuple[str, ...], str] = {}
    for name, value in shaped.items():
        parts = name.split(".")
        depth = next((i for i, part in enumerate(parts) if part not in _WRAPPERS), len(parts) - 1)
        if value.ndim == 2 and parts[depth] in HEADS:
            heads[tuple(parts[: depth + 1])] = name
    return frozenset(heads.values())
