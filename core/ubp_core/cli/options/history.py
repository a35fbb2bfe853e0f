"""Options that name a history file and runs in it."""

from __future__ import annotations

import argparse
from pathlib import Path


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
    parser.add_argument("runs", nargs=count, type=int, metavar="ID", help=help_text or "as `ubp history` numbers them")
