"""Options that say how a command prints. The forms themselves are `ubp_core.cli.output`."""

from __future__ import annotations

import argparse

from ubp_core.cli.output import Form
from ubp_core.errors import UsageError


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """JSON, CSV, Markdown, a choice of columns, and silence."""
    group = parser.add_argument_group("output")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of tables: all figures, unrounded")
    form.add_argument("--csv", action="store_true", help="print CSV instead of tables")
    form.add_argument("--markdown", action="store_true", help="draw tables as Markdown")
    group.add_argument(
        "--columns", type=_titles, default=(), metavar="TITLE[,TITLE...]", help="only these columns, in this order"
    )
    add_quiet_option(group)


def add_quiet_option(parser: argparse._ActionsContainer) -> None:
    """-q."""
    parser.add_argument("-q", "--quiet", action="store_true", help="no notes and no progress, only results and errors")


def add_force_option(parser: argparse.ArgumentParser) -> None:
    """--force of everything that writes a file."""
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")


def form_of(args: argparse.Namespace) -> Form:
    """How to print, from the options that this command has.

    Raises:
        UsageError: columns of JSON.
    """
    columns = getattr(args, "columns", ())
    if columns and args.json:
        raise UsageError("--columns: JSON has all figures; leave one of the two out")
    csv, markdown, quiet = (bool(getattr(args, name, False)) for name in ("csv", "markdown", "quiet"))
    return Form(csv, markdown, columns, quiet)


def _titles(text: str) -> tuple[str, ...]:
    """Titles joined by commas; a title may hold none."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",")))


_titles.__name__ = "list of titles"
