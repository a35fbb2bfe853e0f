"""What workers and widgets tell the screens: facts in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress, BenchRun
    from ubp_core.devices import DeviceFacts
    from ubp_core.history import Summary
    from ubp_tui.bench.job import PackedJob
    from ubp_tui.bench.services import DeviceList
    from ubp_tui.widgets.map.block_map import BlockMap


@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
class MapCursorMoved(Message):
    """The map's cursor stands elsewhere, or on another selection."""

    readout: str
    """What is under it, in one line."""


@dataclass
class MapViewChanged(Message):
    """A map shows another part of its layer, or its cursor moved."""

    map: BlockMap
    """The map."""


@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
@dataclass
class DevicesListed(Message):
    """The devices were asked what they are."""

    devices: DeviceList
    """All that answered."""


@dataclass
class DeviceFactsRead(Message):
    """A device told its facts."""

    name: str
    """Name of the device."""
    facts: DeviceFacts | None
    """Its facts; None if it did not answer."""


@dataclass
class DevicePicked(Message):
    """Another device is chosen, by the user or because a phone was found."""

    name: str
    """Its name."""


@dataclass
@dataclass
class LayerPacking(Message):
    """A layer is being selected and packed for a benchmark."""

    name: str
    """Its name."""
    number: int
    """Its number, from 1."""


@dataclass
class LayersPacked(Message):
    """All layers of a benchmark are packed."""

    packed: PackedJob
    """Their files."""


@dataclass
class PackingFailed(Message):
    """A benchmark could not begin."""

    line: str
    """What is wrong and what to do, in one line."""


@dataclass
class BenchmarkProgressed(Message):
    """A benchmark went on by a step."""

    step: BenchProgress
    """The step."""


@dataclass
class BenchmarkFinished(Message):
    """A benchmark came to its end, or as far as it could."""

    run: BenchRun
    """What was measured."""
    number: int | None
    """Its number in the history; None if it is not there."""
    unkept: str
    """Why it could not be kept, in one line; may be empty."""


@dataclass
class BenchmarkFailed(Message):
    """A benchmark could not begin on a device."""

    device: str
    """Name of the device."""
    line: str
    """What is wrong and what to do, in one line."""


@dataclass
@dataclass
class HistoryListed(Message):
    """The history was read."""

    runs: tuple[Summary, ...]
    """Newest first."""


@dataclass
class HistoryTextMade(Message):
    """The lines of one entry, or of a comparison, are ready."""

    numbers: tuple[int, ...]
    """One or two numbers of runs."""
    title: str
    """Title of the panel."""
    lines: tuple[str, ...]
    """What to show."""


@dataclass
class HistoryFailed(Message):
    """The history can't be read."""

    line: str
    """Why, and what to do, in one line."""
    numbers: tuple[int, ...] = ()
    """The runs that were to be described; empty: the list."""
