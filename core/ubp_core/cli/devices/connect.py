"""`ubp devices connect`: connects a phone by its wireless address."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options.devices import add_adb_host, chosen_server
from ubp_core.cli.options.output import add_quiet_option
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.devices.adb.server import ServerAddress

DESCRIPTION = "Connect a phone that shows an address under Wireless debugging, and say what it is."
EXAMPLES = """\
  ubp devices connect 192.168.1.20:37123"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp devices connect`."""
    parser.add_argument("target", metavar="HOST:PORT", help="as the phone shows it under Wireless debugging")
    add_adb_host(parser)
    add_quiet_option(parser)


def run(args: argparse.Namespace) -> int:
    """Connect."""
    return connect(args.target, chosen_server(args))


def connect(target: str, server: ServerAddress) -> int:
    """Connect a wireless phone and say what it is."""
    from ubp_core.devices.adb.server import connect_wireless, open_client
    from ubp_core.devices.catalogue import open_phone

    with output.narrate(f"connecting {target}"):
        serial = connect_wireless(open_client(server), target)
        info = open_phone(serial, server).info()
    output.say(info.line if not info.ready else f"connected {info.name}: {info.title}")
    return ExitCode.OK if info.ready else ExitCode.FAILED
