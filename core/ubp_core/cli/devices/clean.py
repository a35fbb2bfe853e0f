"""`ubp devices clean`: removes everything we ever put on phones."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options.devices import add_adb_host, chosen_server
from ubp_core.cli.options.output import add_quiet_option
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.devices.adb.server import ServerAddress

DESCRIPTION = "Remove everything we ever put on one phone, or on all that are ready."
EXAMPLES = """\
  ubp devices clean
  ubp devices clean adb:1A2B3C"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp devices clean`."""
    parser.add_argument("target", nargs="?", metavar="DEVICE", help="adb:SERIAL (default: every phone that is ready)")
    add_adb_host(parser)
    add_quiet_option(parser)


def run(args: argparse.Namespace) -> int:
    """Clean."""
    return clean(args.target, chosen_server(args))


def clean(target: str | None, server: ServerAddress) -> int:
    """Remove what we put on one phone, or on all that are ready."""
    from ubp_core.devices.catalogue import list_phones, open_phone
    from ubp_core.devices.errors import UnknownDevice
    from ubp_core.devices.info import NONE_ATTACHED

    if target:
        if target != "adb" and not target.startswith("adb:"):
            raise UnknownDevice(f"{target!r}: only phones are cleaned (adb:SERIAL); nothing is put on other devices")
        names = [target.removeprefix("adb").removeprefix(":")]
    else:
        found = list_phones(server)
        for info in found:
            if not info.ready:
                output.note(f"not cleaned: {info.line}")
        names = [info.name.removeprefix("adb:") for info in found if info.ready]
        if not found:
            output.note(NONE_ATTACHED)
    for name in names:
        phone = open_phone(name, server)
        output.say(f"{phone.name}: {phone.clean()}")
    return ExitCode.OK
