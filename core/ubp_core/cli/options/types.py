"""Options that say in which types a network computes: one spelling and one line of help each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ubp_core.cli.options.values import list_of
from ubp_core.errors import UsageError
from ubp_core.vocabulary import DEFAULT_DTYPE, DTYPES, STORED_DTYPES

if TYPE_CHECKING:
    from ubp_core.network.types.conversions import NetworkTypes
    from ubp_core.plan import Plan


def dtype(text: str, types: Sequence[str] = DTYPES) -> str:
    """One of these."""
    if text not in types:
        raise argparse.ArgumentTypeError(f"{text!r} is no type; choose from {', '.join(types)}")
    return text


def stored_dtype(text: str) -> str:
    """One of STORED_DTYPES."""
    return dtype(text, STORED_DTYPES)


def add_dtype_option(parser: argparse._ActionsContainer, int8: str = "") -> None:
    """--dtype, of all layers; `int8`: what to say of that type, where it can be chosen."""
    more = f"; int8 takes a quarter, {int8}" if int8 else ""
    parser.add_argument(
        "--dtype",
        choices=STORED_DTYPES if int8 else DTYPES,
        default=DEFAULT_DTYPE,
        help="type of weights and arrays. fp16 takes half the memory and, on cores with fp16 arithmetic (Cortex-A55, "
        "A75, A76 and later), about half the time; on older ones (A53, A57, A72, A73) the same file runs in fp32"
        f"{more} "
        "(default: %(default)s)",
    )


def add_dtypes_option(parser: argparse._ActionsContainer) -> None:
    """--dtype, several."""
    parser.add_argument(
        "--dtype",
        type=list_of(stored_dtype),
        default=(DEFAULT_DTYPE,),
        metavar="TYPE[,TYPE]",
        help=f"types of weights and arrays, {', '.join(STORED_DTYPES)}: a row for each (default: {DEFAULT_DTYPE})",
    )


def add_type_options(parser: argparse._ActionsContainer) -> None:
    """--dtype and what a network in fp16 has beside it."""
    add_dtype_option(parser, "and needs --calibrate")
    parser.add_argument(
        "--keep",
        action="append",
        type=layer_type,
        metavar="LAYER=TYPE",
        help="another type for one layer; may be given several times",
    )
    parser.add_argument(
        "--accumulate",
        choices=DTYPES,
        help="type in which an fp16 layer sums its products (default: fp16, and fp32 where a layer needs it)",
    )
    parser.add_argument(
        "--io", choices=DTYPES, help="type of the network's inputs and outputs (default: fp32)", default="fp32"
    )


def layer_type(text: str) -> tuple[str, str]:
    """A layer's name and a type."""
    name, _, kind = text.rpartition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"need a layer's name and a type, such as conv1=fp32; got {text!r}")
    return name, dtype(kind)


layer_type.__name__ = "layer and type"


def network_types(args: argparse.Namespace, plan: Plan | None) -> NetworkTypes:
    """What the options or the plan ask for; raises UsageError for what goes with fp16 only."""
    from ubp_core.network.types.conversions import NetworkTypes, types_of_plan

    wide = args.accumulate == "fp32"
    if plan is None:
        types = NetworkTypes(args.dtype, dict(args.keep or ()), args.io, wide)
    else:
        types = types_of_plan(plan, args.io, wide)
    if wide and "fp16" not in (types.dtype, *types.layers.values()):
        raise UsageError("--accumulate: no layer is of fp16, so all of them sum in fp32")
    return types
