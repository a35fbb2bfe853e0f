"""`ubp devices`: what there is and whether it is ready; connecting wireless phones; removing what we put on phones."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.devices import add_adb_host, chosen_server
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

ACTIONS = ("list", "connect", "clean")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp devices`."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="default: list")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="connect: HOST:PORT; clean: a device's name")
    parser.add_argument("--facts", action="store_true", help="list: ask every ready device what it is")
    parser.add_argument("--json", action="store_true", help="list: print one JSON object instead of a table")
    add_adb_host(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    from ubp_core.devices.errors import UnknownDevice

    server = chosen_server(args)
    if args.action == "connect":
        if not args.target:
            raise UnknownDevice("connect: write HOST:PORT, as the phone shows it under Wireless debugging")
        return connect(args.target, server)
    if args.action == "clean":
        return clean(args.target, server)
    if args.target:
        raise UnknownDevice(f"list: takes no target, got {args.target!r}")
    return show_list(args, server)


def connect(target: str, server: ServerAddress) -> int:
    """Connect a wireless phone and say what it is."""
    from ubp_core.devices.adb.server import connect_wireless, open_client
    from ubp_core.devices.catalogue import open_phone

    with output.narrate(f"connecting {target}"):
        serial = connect_wireless(open_client(server), target)
        info = open_phone(serial, server).info()
    output.say(info.line if not info.ready else f"connected {info.name}: {info.title}")
    return ExitCode.OK if info.ready else ExitCode.FAILED


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
    table = output.new_table([("device", "left"), ("state", "left"), ("what", "left"), ("note", "left")])
    for info in infos:
        table.add_row(info.name, info.state.value, info.title, info.advice)
    console.print(table)
    for name, found in facts.items():
        console.print(name)
        for label, value in found.lines:
            console.print(f"  {label:<12} {value}", soft_wrap=True)
