"""A benchmark as it was ordered, and where it stands on each of its devices: immutable values that the queue keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

from ubp_tui.bench.job import BenchJob
from ubp_tui.bench.options import RunOptions

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress, BenchRun, LayerProgress, LayerResult

WAITING = "waiting"
Retained = Mapping[str, Sequence[float]]
"""Share of the importance that each variant keeps, by layer."""


@dataclass(frozen=True, eq=False)
class RunOrder:
    """One benchmark that is to be made."""

    job: BenchJob
    """What to benchmark."""
    options: RunOptions
    """How."""
    devices: tuple[str, ...]
    """Names of the devices to run on."""
    cancel: Event = field(default_factory=Event)
    """Set to end it: the programs on the devices must be gone first, so no worker is just left alone."""


@dataclass(frozen=True)
class Failure:
    """What the user asked for and the queue can't do."""

    title: str
    """What can't be done, in a few words."""
    line: str
    """Why, and mostly what to do, in one line."""


@dataclass(frozen=True)
class DeviceRun:
    """A benchmark on one device, before it begins, under way, or at its end."""

    device: str
    """Name of the device."""
    title: str = ""
    """What the device is."""
    figure: str = ""
    """What its figures may be called; empty before that is known."""
    words: str = WAITING
    """What it is doing, for people."""
    share: float = 0.0
    """Of the whole, 0 to 1."""
    layers: tuple[LayerResult, ...] = ()
    """What is measured."""
    layer: str = ""
    """Layer under way; empty between layers."""
    live: LayerProgress | None = None
    """Where the layer under way is."""
    failure: str = ""
    """Why it ended early, in one line."""
    ended: bool = False
    """Whether nothing is under way any more."""
    number: int | None = None
    """Number of the run in the history."""
    unkept: str = ""
    """Why it is not in the history."""

    def after(self, step: BenchProgress) -> DeviceRun:
        """The same after a step."""
        from ubp_core.benchmark import Stage

        words = step.detail or step.stage.value
        layers = (*self.layers, step.result) if step.result else self.layers
        running = step.stage in (Stage.PUSHING, Stage.RUNNING)
        live = step.live or (self.live if running and step.layer == self.layer else None)
        share, figure = max(self.share, step.share), step.figure or self.figure
        layer = step.layer if running else ""
        return replace(self, words=words, share=share, figure=figure, layers=layers, layer=layer, live=live)

    def finished(self, run: BenchRun, number: int | None, unkept: str) -> DeviceRun:
        """The same at its end."""
        words = "ended early" if run.failure else "done"
        return replace(
            self, title=run.title or self.title, figure=run.figure, words=words, share=1.0, layers=run.layers, layer="",
            live=None, failure=run.failure, ended=True, number=number, unkept=unkept,
        )  # fmt: skip

    def failed(self, line: str) -> DeviceRun:
        """The same where nothing could be run."""
        return replace(self, words="nothing was measured", layer="", live=None, failure=line, ended=True)

    def result(self, layer: str) -> LayerResult | None:
        """What is measured of a layer."""
        return next((result for result in self.layers if result.layer == layer), None)

    @property
    def status(self) -> str:
        """A word or two for a narrow column."""
        if self.ended:
            return "failed" if self.failure else "done"
        return f"{100 * self.share:.0f} %" if self.share else self.words
