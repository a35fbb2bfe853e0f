"""Stride, padding and dilation of convolutions whose file doesn't tell them: a bare checkpoint has only weights."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ubp_core.errors import ModelError
from ubp_core.numerals import whole_number

if TYPE_CHECKING:
    from ubp_core.models import Layer


def add_geometry_options(parser: argparse.ArgumentParser) -> None:
    """--stride, --padding, --dilation."""
    group = parser.add_argument_group("geometry", "of convolutions from a bare checkpoint, which doesn't tell it")
    group.add_argument("--stride", type=whole_number, metavar="STEPS", help="with --padding; in both directions")
    group.add_argument("--padding", type=whole_number, metavar="PIXELS", help="with --stride; on all sides")
    group.add_argument("--dilation", type=whole_number, metavar="STEPS", help="with the other two (default: 1)")


def with_geometry(args: argparse.Namespace, layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers with the geometry of the options, if there is any.

    Raises:
        ModelError: stride without padding or the other way round, or the options would have no effect.
    """
    from ubp_core.packed.layer_packing import give_geometry

    given = [name for name in ("stride", "padding", "dilation") if getattr(args, name) is not None]
    if not given:
        return tuple(layers)
    if args.stride is None or args.padding is None:
        raise ModelError(f"--{given[0]}: a geometry needs both --stride and --padding")
    if all(layer.kind == "linear" for layer in layers):
        raise ModelError(f"--{given[0]}: none of the layers is a convolution; leave it out")
    dilation = 1 if args.dilation is None else args.dilation
    return tuple(give_geometry(layer, args.stride, args.padding, dilation) for layer in layers)
