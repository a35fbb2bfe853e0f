"""Which devices there are and which of them are chosen: an immutable value. Asks no device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ubp_core.devices import DeviceFacts, DeviceInfo
    from ubp_tui.bench.services import DeviceList

GONE: Final = "not attached any more: connect it again, or choose another device"
"""The advice of a device that has vanished."""


@dataclass(frozen=True)
class Devices:
    """All devices that were ever listed. None leaves the list, so that no choice changes by itself."""

    infos: Mapping[str, DeviceInfo] = field(default_factory=dict)
    """The devices by name, in the order in which they came."""
    note: str = ""
    """Why there is no phone among them, in one line; may be empty."""
    complete: bool = False
    """Whether adb and every phone have answered once."""
    chosen: str = "host"
    """Name of the device under the cursor."""
    picked: bool = False
    """Whether the user has chosen it."""
    marked: tuple[str, ...] = ()
    """Names of the marked devices."""
    facts: Mapping[str, DeviceFacts] = field(default_factory=dict)
    """What each device last told."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Where a benchmark runs: on the marked devices, in the order of the list, or on the chosen one."""
        return tuple(name for name in self.infos if name in self.marked) or (self.chosen,)

    @property
    def target_facts(self) -> list[DeviceFacts]:
        """What the targets told, as far as they did."""
        return [self.facts[name] for name in self.targets if name in self.facts]

    def after(self, listed: DeviceList) -> Devices:
        """The same after the devices were listed again; one that vanished stays, marked as gone."""
        present = {info.name: info for info in listed.infos}
        if listed.complete:
            present |= {name: _gone(info) for name, info in self.infos.items() if name not in present}
        chosen = listed.preferred if listed.complete and not self.picked else self.chosen
        complete = self.complete or listed.complete
        return replace(self, infos={**self.infos, **present}, note=listed.note, complete=complete, chosen=chosen)

    def with_chosen(self, name: str) -> Devices:
        """The same where the user has chosen a device."""
        return replace(self, chosen=name, picked=True)

    def with_mark_turned(self) -> Devices:
        """The same with the chosen device marked, or unmarked."""
        name = self.chosen
        marked = tuple(n for n in self.marked if n != name) if name in self.marked else (*self.marked, name)
        return replace(self, marked=marked)

    def with_facts(self, name: str, facts: DeviceFacts | None) -> Devices:
        """The same after a device told its facts; None: it did not answer."""
        others = {other: told for other, told in self.facts.items() if other != name}
        return replace(self, facts=others if facts is None else {**others, name: facts})

    def with_wanted(self, names: Sequence[str]) -> Devices:
        """The same with devices chosen as far as they are there, unless the user has; several are marked."""
        present = tuple(name for name in names if name in self.infos)
        if not present or self.picked:
            return self
        return replace(self, chosen=present[0], picked=True, marked=present if len(present) > 1 else ())


def _gone(info: DeviceInfo) -> DeviceInfo:
    """The same device, vanished."""
    from ubp_core.devices import DeviceState

    return replace(info, state=DeviceState.OFFLINE, advice=GONE)
