"""The option that names layers: spelled and read alike in every command that takes several."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ubp_core.errors import UsageError

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel


def add_layers_option(parser: argparse._ActionsContainer, otherwise: str, everything: str = "") -> None:
    """--layers, also as --layer.

    Args:
        otherwise: what happens where none is named, in words.
        everything: what the word `all` stands for; "" where there is none.
    """
    parser.add_argument(
        "--layers",
        "--layer",
        dest="layers",
        action="append",
        metavar="NAME[,NAME...]" + ("|all" if everything else ""),
        help=f"layers as `ubp layers` lists them, may be repeated{'; all: ' if everything else ''}{everything} "
        f"(default: {otherwise})",
    )


def chosen_layers(texts: Iterable[str], model: LoadedModel) -> tuple[Layer, ...]:
    """The layers in what --layers got, each once.

    Raises:
        ModelError: the model has no such layer.
    """
    return tuple(map(model.layer, named_layers(texts, [layer.name for layer in model.layers])))


def named_layers(texts: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The names in what --layers got, each once.

    Args:
        texts: names joined by commas; one that is known as it stands is not taken apart.
        known: all names.

    Raises:
        UsageError: there is no name in it.
    """
    there = set(known)
    parts = (name for text in texts for name in ([text] if text in there else text.split(",")))
    names = (part if part in there else part.strip() for part in parts)
    chosen = tuple(dict.fromkeys(name for name in names if name))
    if not chosen:
        raise UsageError("--layers: names no layer; `ubp layers` lists them")
    return chosen
