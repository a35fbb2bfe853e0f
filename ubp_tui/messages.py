"""What workers and widgets tell the screens: facts in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from ubp_tui.state import Choice, SelectionRequest

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_tui.jobs import LayerMeasure, LayerResult


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
class ChoicePicked(Message):
    """The user picked a method, block size or sparsity with a control."""

    choice: Choice
    """The whole new choice."""


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
    line: str
    """Why, in one line."""


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
