"""Options that name devices and the adb server, shared by `ubp devices` and `ubp bench`. Asks no device."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ubp_core.devices.adb.server import ServerAddress


def add_adb_host(parser: argparse.ArgumentParser) -> None:
    """--adb-host."""
    parser.add_argument(
        "--adb-host",
        metavar="HOST[:PORT]",
        help="adb server of a device farm (default: ANDROID_ADB_SERVER_HOST and _PORT, else this machine's)",
    )


def chosen_server(args: argparse.Namespace) -> ServerAddress:
    """The adb server to use."""
    from ubp_core.devices.adb.server import server_address

    return server_address(args.adb_host)
