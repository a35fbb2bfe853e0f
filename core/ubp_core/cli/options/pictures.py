"""Options that say on which pictures a network is tried, and reading these, told to people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.parsing import refuse_given
from ubp_core.numerals import read_count

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.pictures.folder import Pictures

USUAL_LIMIT = 16
NAMED = 3
"""Unreadable files that are named, each in a line."""


def add_data_options(parser: argparse._ActionsContainer, purpose: str) -> None:
    """--data and --limit.

    Args:
        purpose: what the pictures are for, and what is taken without them.
    """
    parser.add_argument("--data", type=Path, metavar="FOLDER", help=f"pictures {purpose}")
    parser.add_argument(
        "--limit",
        type=count,
        default=USUAL_LIMIT,
        metavar="N",
        help="at most so many pictures, evenly from all of the folder (default: %(default)s)",
    )


def count(text: str) -> int:
    """A whole number above 0."""
    number = read_count(text)
    if not number:
        raise argparse.ArgumentTypeError(f"need a whole number from 1 on; got {text}")
    return number


def read_data(args: argparse.Namespace, model: LoadedModel, shape: tuple[int, int, int, int]) -> Pictures | None:
    """The pictures as inputs of a network; None without --data.

    Raises:
        FileError: there are none.
        UsageError: --limit without --data; or the network takes no pictures.
    """
    if args.data is None:
        refuse_given(args, ["limit"], "is for the pictures of --data")
        return None
    return tell_pictures(args.data, model, shape, args.limit)


def tell_pictures(folder: Path, model: LoadedModel, shape: tuple[int, int, int, int], limit: int) -> Pictures:
    """At most so many pictures of a folder as inputs, with notes on how they were prepared and what can't be read.

    Raises:
        FileError: there are none.
        UsageError: the network takes no pictures.
    """
    from ubp_core.pictures.folder import read_pictures
    from ubp_core.pictures.preparation import preparation_for

    preparation = preparation_for(model.name, *shape[1:])
    with output.narrate("reading pictures") as tell:
        found = read_pictures(
            folder, preparation, limit, lambda done, total: tell(f"reading picture {done + 1} of {total}")
        )
    output.note(f"{found} of {folder}, {preparation}")
    for path, reason in found.unreadable[:NAMED]:
        output.note(f"{path}: can't be read, left out ({reason})")
    if len(found.unreadable) > NAMED:
        output.note(f"{len(found.unreadable) - NAMED} more can't be read either")
    return found
