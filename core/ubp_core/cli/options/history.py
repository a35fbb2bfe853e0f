"""Options that name a history file and runs in it."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.numerals import read_count

if TYPE_CHECKING:
    from ubp_core.history import RunFilter


def add_history_option(parser: argparse.ArgumentParser) -> None:
    """--history."""
    parser.add_argument(
        "--history", type=Path, metavar="FILE", help="another history file (default: UBP_HISTORY, else the user's)"
    )


def add_runs(parser: argparse.ArgumentParser, count: int | str, help_text: str = "") -> None:
    """Numbers of runs.

    Args:
        count: how many, or "*" or "+".
        help_text: what becomes of them.
    """
    parser.add_argument(
        "runs", nargs=count, type=run_number, metavar="ID", help=help_text or "as `ubp history` numbers them"
    )


def run_number(text: str) -> int:
    """The number of a run."""
    number = read_count(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"need a run's number, as `ubp history` lists them, got {text!r}")
    return number


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Which runs."""
    group = parser.add_argument_group("which runs (* in a name stands for any text)")
    group.add_argument("--model", default="", metavar="NAME", help="of this network")
    group.add_argument("--layer", default="", metavar="NAME", help='of this layer; "network" for whole networks')
    group.add_argument(
        "--device",
        default="",
        metavar="NAME",
        help="made on this device: host, emulator, adb:SERIAL, or what a phone is",
    )
    group.add_argument("--since", type=moment, metavar="DATE", help="begun then or later, as 2026-01-31 (UTC)")


FILTERS = ("model", "layer", "device", "since")
"""Names of these in the parsed arguments."""


def chosen_filter(args: argparse.Namespace) -> RunFilter:
    """What `add_filter_options` parsed."""
    from ubp_core.history import RunFilter

    return RunFilter(**{name: getattr(args, name) for name in FILTERS})


def moment(text: str) -> datetime:
    """A day, or a moment."""
    from ubp_core.history.summary import read_time

    try:
        return read_time(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"need a day as 2026-01-31 or 2026-01-31T12:00, got {text!r}") from None
