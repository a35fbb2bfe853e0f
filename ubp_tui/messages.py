"""What workers and widgets tell the screens: facts in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.layer_choices import Scope
from ubp_tui.choices.problem import Problem

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress, BenchRun
    from ubp_core.devices import DeviceFacts
    from ubp_core.history import LayerFigures, Summary
    from ubp_core.models import LoadedModel
    from ubp_tui.bench.job import PackedJob
    from ubp_tui.bench.services import DeviceList
    from ubp_tui.widgets.map.block_map import BlockMap
    from ubp_tui.work.comparing import Comparison
    from ubp_tui.work.measuring import LayerMeasure
    from ubp_tui.work.selecting import LayerResult


@dataclass
class LoadProgressed(Message):
    """The model loader began its next step."""

    line: str
    """The step, for people."""


@dataclass
class ModelLoaded(Message):
    """The model is there."""

    model: LoadedModel
    """All its layers."""


@dataclass
class ModelLoadFailed(Message):
    """The model can't be loaded."""

    line: str
    """What is wrong and what to do, in one line."""
    exit_code: int
    """Exit code if the app ends with it."""


@dataclass
class LayerHighlighted(Message):
    """Another row of the layer table is under the cursor."""

    name: str
    """Name of the layer."""


@dataclass
class LayersArranged(Message):
    """Marks, filter or order of the layer table changed."""

    shown: int
    """Layers that match the filter."""
    marked: tuple[str, ...]
    """Names of the marked layers."""
    pattern: str
    """The filter; may be empty."""


@dataclass
class ChoiceChanged(Message):
    """The user picked a method, block size or sparsity with a control."""

    fields: dict[str, Any]
    """Fields of `Choice` and their new values."""


@dataclass
class ScopePicked(Message):
    """The user picked for which layers choices are meant."""

    scope: Scope
    """The scope."""


@dataclass
class ViewPicked(Message):
    """A tab of the compact layout was clicked."""

    view: str
    """`layers`, `map` or `curves`."""


@dataclass
class SelectionFinished(Message):
    """The selection of the highlighted layer is ready to draw."""

    result: LayerResult
    """Selection, map source and facts."""


@dataclass
class SelectionFailed(Message):
    """There is no selection for a request."""

    request: SelectionRequest
    """The request."""
    problem: Problem
    """Why, and what to do."""


@dataclass
class LayerMeasured(Message):
    """What a choice keeps of one layer, for the table."""

    choice: Choice
    """The choice."""
    measure: LayerMeasure
    """The layer and its figures."""


@dataclass
class CurvePointFound(Message):
    """One more point of a curve."""

    layer: str
    """Name of the layer."""
    choice: Choice
    """Method, block size and sparsity of the point."""
    retained: float
    """Share kept, 0..1; NaN where the method gave up."""


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
class CompareRequested(Message):
    """The user wants to compare two choices on the layer on the screen."""

    kind: str
    """`optimal`: aligned against the best unaligned blocks; `other`: the present choice against another method."""


@dataclass
class CompareLeft(Message):
    """The user leaves the comparison."""

    layer: str
    """Name of the layer that was compared last."""
    choice: Choice | None
    """The choice to take over, if any."""


@dataclass
class ComparisonFinished(Message):
    """Two selections and their difference are ready to draw."""

    comparison: Comparison
    """Both sides."""


@dataclass
class SideChoiceChanged(Message):
    """The user picked a method, block size or sparsity for one side."""

    place: int
    """0 left, 1 right."""
    fields: dict[str, Any]
    """Fields of `Choice` and their new values."""


@dataclass
class SidePicked(Message):
    """The user picked the side that keys change."""

    place: int
    """0 left, 1 right."""


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
class BenchmarkRequested(Message):
    """The user wants a benchmark."""

    layers: tuple[str, ...]
    """Names of the layers; none: only look at the devices."""
    network: bool = False
    """Whether the whole network is meant."""


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
class FiguresRead(Message):
    """The history was asked for the layers' newest figures."""

    asked: str
    """Name of the device that was asked for; empty: the one of the last run."""
    figures: LayerFigures
    """What it has."""


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
