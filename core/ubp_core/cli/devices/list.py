"""`ubp devices` and `ubp devices list`: what there is and whether it is ready."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.devices import add_adb_host, chosen_server
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import Column, Table
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.devices import DeviceFacts, DeviceInfo
    from ubp_core.devices.adb.server import ServerAddress

DESCRIPTION = """\
List the devices that a benchmark can run on, each with its state and what to do where it is not ready: this machine
(host), qemu-user (emulator, results only), and every phone that adb knows (adb:SERIAL)."""

EXAMPLES = """\
  ubp devices
  ubp devices list --facts                 also SoC, cores, governor, temperature, battery
  ubp devices connect 192.168.1.20:37123   the port that the phone shows under "Wireless debugging"
  ubp devices clean                        remove everything we ever put on the phones that are ready
  ubp devices clean adb:1A2B3C"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp devices`."""
    parser.add_argument("--facts", action="store_true", help="ask every ready device what it is")
    add_adb_host(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """List."""
    return show_list(args, chosen_server(args))


def show_list(args: argparse.Namespace, server: ServerAddress) -> int:
    """Print what there is; without an adb server the other kinds are still listed."""
    from ubp_core.devices.catalogue import list_phones
    from ubp_core.devices.errors import DeviceError
    from ubp_core.devices.info import NONE_ATTACHED
    from ubp_core.devices.local_devices import Emulator, Host

    infos = [Host().info(), Emulator().info()]
    try:
        with output.narrate("asking adb"):
            phones = list_phones(server)
        if not phones:
            output.note(NONE_ATTACHED)
        infos += phones
    except DeviceError as error:
        output.note(str(error))
    facts = {info.name: facts_of(info, server) for info in infos if info.ready} if args.facts else {}
    if args.json:
        output.print_json({"command": "devices", "devices": [device_record(info, facts) for info in infos]})
        return ExitCode.OK
    print_table(infos, facts)
    return ExitCode.OK


def facts_of(info: DeviceInfo, server: ServerAddress) -> DeviceFacts:
    """Ask one device."""
    from ubp_core.devices.catalogue import open_device

    return open_device(info.name, server).facts()


def device_record(info: DeviceInfo, facts: dict[str, DeviceFacts]) -> dict[str, Any]:
    """A device in JSON output."""
    return {
        "name": info.name,
        "kind": info.kind.value,
        "state": info.state.value,
        "ready": info.ready,
        "title": info.title,
        "advice": info.advice,
        "latency": info.latency,
        "wireless": info.wireless,
        "facts": facts[info.name].to_record() if info.name in facts else None,
    }


def print_table(infos: list[DeviceInfo], facts: dict[str, DeviceFacts]) -> None:
    """One line per device; with facts, a block per device below."""
    console = output.open_console()
    table = Table([Column("device", "name"), Column("state"), Column("what", "text"), Column("note", "text")])
    for info in infos:
        table.add_row(info.name, info.state.value, info.title, info.advice)
    console.print(table)
    for name, found in facts.items():
        console.print(name)
        for label, value in found.lines:
            console.print(f"  {label:<12} {value}", soft_wrap=True)
