"""`--measured-on` of commands that show what was measured: the newest figures of the history. Asks no device."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output

if TYPE_CHECKING:
    from ubp_core.history import LayerFigures
    from ubp_core.models import LoadedModel


def add_figures_option(parser: argparse._ActionsContainer) -> None:
    """--measured-on."""
    parser.add_argument(
        "--measured-on",
        metavar="NAME",
        help="show what was measured of the layers, as they are here, on this device (host, emulator or adb:SERIAL): "
        "the newest figures of `ubp bench` in the history",
    )


def read_figures(args: argparse.Namespace, model: LoadedModel, criterion: str) -> LayerFigures | None:
    """The figures that are asked for; None where none are. A device without figures is said on stderr.

    Raises:
        HistoryError: the file can't be used.
    """
    if args.measured_on is None:
        return None
    from ubp_core import history

    figures = history.read_figures(model, args.measured_on, criterion)
    if not figures.values:
        output.note(
            f"nothing was measured of layers of {model.name} on {args.measured_on}: `ubp bench --layers` does it"
        )
    return figures
