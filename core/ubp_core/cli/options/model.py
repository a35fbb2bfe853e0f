"""Options that say which model, for the shell and the app alike, and loading what they describe."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.models.catalogue import DEFAULT_MODEL
from ubp_core.models.spec import ModelSpec
from ubp_core.numerals import real_number, whole_number

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

_USUAL = ModelSpec(DEFAULT_MODEL)


def add_model_options(parser: argparse.ArgumentParser, otherwise: str = "") -> None:
    """MODEL and where its weights come from.

    Args:
        otherwise: where the model comes from when none is named, in words; it is the default one as well.
    """
    default = f"{otherwise}, else {DEFAULT_MODEL}" if otherwise else DEFAULT_MODEL
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help=f"a network's name or a checkpoint file (default: {default})"
    )
    group = parser.add_argument_group("model")
    group.add_argument(
        "--weights",
        default=_USUAL.weights,
        metavar="default|random|FILE",
        help="trained weights (downloaded where torchvision has them), random ones, or a checkpoint",
    )
    group.add_argument("--arch", metavar="NAME", help="the network that a checkpoint file belongs to")
    group.add_argument(
        "--width",
        type=real_number,
        default=_USUAL.width,
        metavar="W",
        help="width multiplier of mobilenet_v1 (default: 1)",
    )
    group.add_argument(
        "--input-size",
        type=whole_number,
        default=_USUAL.input_size,
        metavar="PIXELS",
        help="height and width of the image (default: %(default)s)",
    )
    group.add_argument(
        "--seed",
        type=whole_number,
        default=_USUAL.seed,
        metavar="N",
        help="seed of random weights (default: %(default)s)",
    )


MODEL_OPTIONS = ("model", "weights", "arch", "width", "input_size", "seed")
"""Names of all of these in the parsed arguments."""


def model_spec(args: argparse.Namespace) -> ModelSpec:
    """What `add_model_options` parsed."""
    name = DEFAULT_MODEL if args.model is None else args.model
    return ModelSpec(name, args.weights, args.arch, args.width, args.seed, args.input_size)


def load_model_from(args: argparse.Namespace) -> LoadedModel:
    """Load what `add_model_options` parsed, with narration on stderr.

    Raises:
        ModelError: see `load_model`.
    """
    return load_spec(model_spec(args))


def load_spec(spec: ModelSpec) -> LoadedModel:
    """Load a model, with narration on stderr; raises ModelError."""
    from ubp_core.cli.output import narrate, tell_notes

    with narrate(f"loading {spec.name}") as tell:
        model = spec.load(tell)
    tell_notes(model)
    return model
