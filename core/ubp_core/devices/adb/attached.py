"""What an adb server knows: serials with their states. The only module that reads its lists.

Serials are taken as they are: a phone may have blanks in its serial, in front of it, or none at all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ubp_core.devices.adb.library import adb_errors
from ubp_core.devices.errors import DeviceError
from ubp_core.devices.info import ADB_STATES, DeviceState, state_of

if TYPE_CHECKING:
    from adbutils import AdbClient

SERIAL_WIDTH = 22
"""The long list fills serials up to this with blanks."""
NO_SERIAL = "(no serial number)"
"""What the server writes for a phone that has none."""
SETTLE_S = 2.0
"""The server tries a lost or refused link again by itself; meanwhile it says "connecting"."""

_STATES = "|".join(map(re.escape, sorted(ADB_STATES, key=len, reverse=True)))
_PADDED = re.compile(rf"(?P<serial>.*?\S) +(?P<state>(?:{_STATES})(?: .*)?)")
_TAG = re.compile(r"\b(product|model|device|transport_id):(\S*)")


@dataclass(frozen=True)
class Attached:
    """A device as the server names it."""

    serial: str
    state: str
    """The server's word."""
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Only in the long list: product, model, device, transport_id."""

    @property
    def title(self) -> str:
        """The model for people (the server puts underscores for blanks); empty where the server doesn't say."""
        return self.tags.get("model", "").replace("_", " ")


def list_attached(client: AdbClient) -> list[Attached]:
    """Every device that the server knows, whatever its state.

    The long list has the models, but its blanks say not where a serial ends; the short one does.

    Raises:
        DeviceError: the server doesn't answer.
    """
    long = ask_list(client, "host:devices-l")
    if all("\t" in line for line in split_lines(long)):
        return read_list(long)
    exact = read_list(ask_list(client, "host:devices"))
    return [Attached(entry.serial, entry.state, tags_of(entry, long)) for entry in exact]


def ask_list(client: AdbClient, command: str) -> str:
    """The server's answer."""
    with adb_errors("the adb server"), client.make_connection() as connection:
        connection.send_command(command)
        connection.check_okay()
        return str(connection.read_string_block())


def split_lines(text: str) -> list[str]:
    """Lines that say something. A line ends at a line feed only: serials may hold what else counts as line break."""
    return [line.removesuffix("\r") for line in text.split("\n") if line.strip()]


def read_list(text: str) -> list[Attached]:
    """The devices of a list or an event: lines of serial, tab, state, and perhaps what the device is.

    Lines without a tab, filled up with blanks, are read as far as that can be done.
    """
    found = []
    for line in split_lines(text):
        serial, tab, rest = line.partition("\t")
        if not tab and (padded := _PADDED.fullmatch(line)):
            serial, rest = padded["serial"], padded["state"]
        elif not tab:
            serial, _, rest = line.strip().partition(" ")
        if serial and rest.strip():
            found.append(Attached(serial, word_of(rest.strip()), dict(_TAG.findall(rest))))
    return found


def word_of(rest: str) -> str:
    """The state at the begin of what follows a serial; "no permissions" has two words, and others have a reason."""
    known = next((word for word in ADB_STATES if rest == word or rest.startswith(f"{word} ")), None)
    return known or rest.split()[0]


def tags_of(entry: Attached, long: str) -> dict[str, str]:
    """What the long list says of a device; empty where it is not there."""
    start = f"{entry.serial:<{SERIAL_WIDTH}} "
    lines = (line.removeprefix(start) for line in split_lines(long) if line.startswith(start))
    return next((dict(_TAG.findall(line)) for line in lines), {})


def find_state(client: AdbClient, serial: str) -> DeviceState | None:
    """The server's word on a device; None where it knows no such serial.

    Raises:
        DeviceError: the server doesn't answer.
    """
    return next((state_of(found.state) for found in list_attached(client) if found.serial == serial), None)


def find_transport(client: AdbClient) -> int:
    """The server's own number of the phone without a serial, which nothing else names.

    Raises:
        DeviceError: there is none, or more than one.
    """
    numbers = [found.tags.get("transport_id", "") for found in list_attached(client) if found.serial == NO_SERIAL]
    if len(numbers) != 1 or not re.fullmatch(r"[0-9]{1,9}", numbers[0]):
        raise DeviceError(f"{len(numbers)} phones without a serial number are attached: leave one")
    return int(numbers[0])


def settled_state(client: AdbClient, serial: str) -> DeviceState | None:
    """The same, once the device is neither connecting nor authorizing, or after a moment.

    Raises:
        DeviceError: the server doesn't answer.
    """
    until = time.monotonic() + SETTLE_S
    while True:
        state = find_state(client, serial)
        if state not in (DeviceState.CONNECTING, DeviceState.AUTHORIZING) or time.monotonic() > until:
            return state
        time.sleep(SETTLE_S / 20)
