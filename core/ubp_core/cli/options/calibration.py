"""Options that say how a network becomes int8, and reading the pictures for that, told to people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.pictures import count, tell_pictures
from ubp_core.cli.parsing import refuse_given
from ubp_core.errors import FileError, UsageError
from ubp_core.vocabulary import INT8, RANDOM, RANDOM_NOTE

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.pictures.folder import Pictures
    from ubp_core.quantisation.exporting import Calibrating

USUAL_PICTURES = 32
OPTIONS = ("calibrate", "pictures", "observer")
OBSERVERS = ("minmax", "percentile", "least_squares")
"""As `quantisation.observers` has them; a test compares."""


def add_calibration_options(parser: argparse._ActionsContainer) -> None:
    """--calibrate, --pictures and --observer."""
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
        default=OBSERVERS[0],
        help="which range of an array its bytes cover (default: %(default)s)",
    )


def check_calibration(args: argparse.Namespace) -> None:
    """What goes with int8, and what does not; before anything slow.

    Raises:
        UsageError: an option is missing, or without effect.
    """
    if args.dtype != INT8:
        refuse_given(args, OPTIONS, f"is for --dtype {INT8}")
        return
    refuse_given(args, ["accumulate", "io"], "int8 sums in 32-bit whole numbers, and its inputs and outputs are fp32")
    if args.calibrate is None:
        raise UsageError("--dtype int8 needs --calibrate FOLDER with pictures, or --calibrate random to test speed")
    if args.calibrate == RANDOM:
        refuse_given(args, ["pictures"], "random numbers are no pictures")


def read_calibration(
    args: argparse.Namespace, model: LoadedModel, shape: tuple[int, int, int, int]
) -> tuple[Calibrating, Pictures | None]:
    """What the network is calibrated on; no pictures for random numbers.

    Raises:
        FileError: the folder can't be read, or has fewer pictures than were asked for.
        UsageError: the network takes no pictures.
    """
    from dataclasses import replace

    from ubp_core.pictures.folder import in_batches
    from ubp_core.quantisation.exporting import Calibrating, kept_layers
    from ubp_core.quantisation.quantising import Recipe

    keep, halves = kept_layers(args.keep or ())
    recipe = Recipe(observer=args.observer, keep=keep)
    if args.calibrate == RANDOM:
        output.note(RANDOM_NOTE)
        return replace(Calibrating.of_random_numbers(shape), recipe=recipe, halves=halves), None
    folder = Path(args.calibrate)
    found = tell_pictures(folder, model, shape, args.pictures)
    if "pictures" in args.given and len(found.paths) < args.pictures:
        raise FileError(
            f"{folder}: {found} can be read, --pictures asks for {args.pictures}; add some, or ask for fewer"
        )
    return Calibrating(in_batches(found.images, shape[0]), str(found), recipe, halves), found


def calibration_record(args: argparse.Namespace, pictures: Pictures | None) -> dict[str, Any] | None:
    """What an export was calibrated on, in JSON output; null where it is not int8."""
    if args.dtype != INT8:
        return None
    return {
        "random": pictures is None,
        "observer": args.observer,
        "pictures": None if pictures is None else [str(path) for path in pictures.paths],
        "unreadable": None if pictures is None else [str(path) for path, _ in pictures.unreadable],
    }
