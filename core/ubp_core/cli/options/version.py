"""--version of both commands: the version in its first line, then what a report of a fault needs besides."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ubp_core.printable import printable


def add_version(parser: argparse.ArgumentParser) -> None:
    """--version; what it says is found when it is given."""
    parser.add_argument("--version", action=_Version, nargs=0, help="version, commit, platform and native library")


class _Version(argparse.Action):
    """Prints and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: Any) -> None:
        from ubp_core.about import about_lines
        from ubp_core.installation.version import __version__

        lines = [f"{parser.prog} {__version__}", *(f"{name:<10}{text}" for name, text in about_lines())]
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
        parser.exit()
