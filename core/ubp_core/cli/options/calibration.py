"""Options that say how a network becomes int8, and reading the pictures for that, told to people."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.pictures import count, tell_pictures
from ubp_core.cli.options.types import dtype
from ubp_core.cli.parsing import refuse_given
from ubp_core.errors import FileError, UsageError
from ubp_core.vocabulary import DEFAULT_OBSERVER, FLOAT_DTYPES, INT8, OBSERVERS, RANDOM, RANDOM_NOTE

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.network.types.conversions import NetworkTypes
    from ubp_core.pictures.folder import Pictures
    from ubp_core.quantisation.exports.exporting import Calibrating

USUAL_PICTURES = 32
NONE_KEPT = (0, "fp16")
OPTIONS = ("calibrate", "pictures", "observer", "keep_worst")


def add_calibration_options(parser: argparse._ActionsContainer) -> None:
    """--calibrate, --pictures, --observer and --keep-worst."""
    parser.add_argument(
        "--calibrate",
        metavar="FOLDER|random",
        help="pictures from which int8 learns its ranges; `random` takes random numbers, which is right for tests of "
        "speed and nothing else",
    )
    parser.add_argument(
        "--pictures",
        type=count,
        default=USUAL_PICTURES,
        metavar="N",
        help="so many pictures of --calibrate, evenly from all of the folder (default: at most %(default)s)",
    )
    parser.add_argument(
        "--observer",
        choices=OBSERVERS,
        default=DEFAULT_OBSERVER,
        help="which range of an array its bytes cover (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-worst",
        type=count_and_type,
        default=NONE_KEPT,
        metavar="N[=TYPE]",
        help="leave the N layers out of int8 that cost the most, as measured on the pictures, in fp16 or in another "
        "TYPE; every layer runs them once for that, and the network is quantised twice",
    )


def count_and_type(text: str) -> tuple[int, str]:
    """A number of layers and a type."""
    number, sign, kind = text.partition("=")
    if kind == INT8:
        raise argparse.ArgumentTypeError(f"the worst leave int8: choose from {', '.join(FLOAT_DTYPES)}")
    return count(number), dtype(kind) if sign else NONE_KEPT[1]


count_and_type.__name__ = "number"


def check_calibration(args: argparse.Namespace, types: NetworkTypes) -> None:
    """What goes with int8, and what does not; before anything slow.

    Raises:
        UsageError: an option is missing, or without effect.
    """
    if INT8 not in types.all_types:
        refuse_given(args, OPTIONS, f"is for --dtype {INT8}")
        return
    refuse_given(args, ["accumulate", "io"], "int8 sums in 32-bit whole numbers, and its inputs and outputs are fp32")
    if args.calibrate is None:
        raise UsageError("int8 needs --calibrate FOLDER with pictures, or --calibrate random to test speed")
    if args.calibrate == RANDOM:
        refuse_given(args, ["pictures", "observer"], "random numbers are no pictures")
        refuse_given(args, ["keep_worst"], "what int8 costs a layer is measured on pictures, not on random numbers")


def read_calibration(
    args: argparse.Namespace, model: LoadedModel, shape: tuple[int, int, int, int]
) -> tuple[Calibrating, Pictures | None]:
    """What the network is calibrated on; no pictures for random numbers.

    Raises:
        FileError: the folder can't be read, or has fewer pictures than were asked for.
        UsageError: the network takes no pictures.
    """
    from ubp_core.quantisation.exports.exporting import Calibrating
    from ubp_core.quantisation.quantising import Recipe

    if args.calibrate == RANDOM:
        output.note(RANDOM_NOTE)
        return Calibrating.of_random_numbers(shape), None
    folder = Path(args.calibrate)
    found = tell_pictures(folder, model, shape, args.pictures)
    if "pictures" in args.given and len(found.paths) < args.pictures:
        raise FileError(
            f"{folder}: {found} can be read, --pictures asks for {args.pictures}; add some, or ask for fewer"
        )
    worst, worst_dtype = args.keep_worst
    calibrating = Calibrating.of_pictures(found, shape[0])
    recipe = Recipe(observer=args.observer)
    return replace(calibrating, recipe=recipe, keep_worst=worst, worst_dtype=worst_dtype), found


def calibration_record(
    args: argparse.Namespace, types: NetworkTypes, pictures: Pictures | None
) -> dict[str, Any] | None:
    """What an export was calibrated on, in JSON output; null where nothing is int8."""
    if INT8 not in types.all_types:
        return None
    return {
        "random": pictures is None,
        "observer": args.observer,
        "pictures": None if pictures is None else [str(path) for path in pictures.paths],
        "unreadable": None if pictures is None else [str(path) for path, _ in pictures.unreadable],
    }
