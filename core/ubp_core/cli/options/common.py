"""Options that several subcommands share, and loading the model they describe. Parses and checks; computes nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ubp_core.cli.output import narrate
from ubp_core.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

METHOD_NAMES = ("abp", "greedy", "bed", "optimal", "unstructured")
"""`ubp_core.METHODS`, here so that --help needs no numpy; a test compares them."""

CRITERION_NAMES = ("l1", "l2")
MAX_BLOCK_SIZE = 32

T = TypeVar("T")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """MODEL and where its weights come from."""
    parser.add_argument(
        "model",
        nargs="?",
        default=DEFAULT_MODEL,
        metavar="MODEL",
        help=f"a network's name or a checkpoint file (default: {DEFAULT_MODEL})",
    )
    group = parser.add_argument_group("model")
    group.add_argument(
        "--weights",
        default="default",
        metavar="default|random|FILE",
        help="trained weights (downloaded where torchvision has them), random ones, or a checkpoint",
    )
    group.add_argument("--arch", metavar="NAME", help="the network that a checkpoint file belongs to")
    group.add_argument(
        "--width", type=float, default=1.0, metavar="W", help="width multiplier of mobilenet_v1 (default: 1)"
    )
    group.add_argument(
        "--input-size",
        type=int,
        default=224,
        metavar="PIXELS",
        help="height and width of the image, for multiply-adds (default: 224)",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of random weights (default: 0)")
    group.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def add_selection_options(parser: argparse.ArgumentParser) -> None:
    """Options of everything that selects."""
    parser.add_argument(
        "--criterion", choices=CRITERION_NAMES, default="l1", help="importance: |w| or w**2 (default: l1)"
    )
    parser.add_argument(
        "--threads", type=thread_count, metavar="N", help="threads of the selection (default: all cores)"
    )


def add_force_option(parser: argparse.ArgumentParser) -> None:
    """--force of everything that writes a file."""
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")


def load_model_from(args: argparse.Namespace) -> LoadedModel:
    """Load what `add_model_options` parsed, with narration on stderr.

    Raises:
        ModelError: see `load_model`.
    """
    with narrate(f"loading {args.model}") as tell:
        from ubp_core.models import load_model

        return load_model(
            args.model,
            weights=args.weights,
            arch=args.arch,
            width=args.width,
            seed=args.seed,
            input_size=args.input_size,
            progress=tell,
        )


def block_size(text: str) -> int:
    """N, 1 to 32."""
    value = int(text)
    if not 1 <= value <= MAX_BLOCK_SIZE:
        raise argparse.ArgumentTypeError(f"need 1 to {MAX_BLOCK_SIZE}, got {text}")
    return value


def sparsity(text: str) -> float:
    """s, 0 <= s < 1."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"need 0 <= s < 1, got {text}")
    return value


def share(text: str) -> float:
    """A share of a layer's weights, 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"need 0 to 1, got {text}")
    return value


def method(text: str) -> str:
    """A method's name."""
    if text not in METHOD_NAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is unknown, choose from {', '.join(METHOD_NAMES)}")
    return text


def list_of(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """A parser of values joined by commas; repeated ones count once."""

    def parse_list(text: str) -> tuple[T, ...]:
        return tuple(dict.fromkeys(parse(part.strip()) for part in text.split(",")))

    parse_list.__name__ = f"list of {parse.__name__}"  # argparse shows it: "invalid list of sparsity value"
    return parse_list


def thread_count(text: str) -> int:
    """One or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"need 1 or more, got {text}")
    return value


thread_count.__name__ = "thread count"
block_size.__name__ = "block size"
