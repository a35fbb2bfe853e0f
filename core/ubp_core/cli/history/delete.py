"""`ubp history delete`: forgets runs."""

from __future__ import annotations

import argparse

from ubp_core.cli import output
from ubp_core.cli.options.history import add_history_option, add_runs
from ubp_core.cli.options.output import add_quiet_option
from ubp_core.errors import ExitCode

DESCRIPTION = "Forget runs of the history."
EXAMPLES = """\
  ubp history delete 12"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp history delete`."""
    add_runs(parser, "+")
    add_history_option(parser)
    add_quiet_option(parser)


def run(args: argparse.Namespace) -> int:
    """Delete all of them, or none where there is no such run."""
    from ubp_core.history import History

    numbers = dict.fromkeys(args.runs)
    with History(args.history, reading=True) as history:
        for number in numbers:
            history.require(number)
    with History(args.history) as history:
        for number in numbers:
            history.delete(number)
            output.note(f"deleted run {number}")
    return ExitCode.OK
