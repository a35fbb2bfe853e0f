"""The state of what is open, and what can be read off it: no edits here, they are the `Workspace`'s. No Textual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.benchmark.figure import is_measure
from ubp_core.history.figures import LayerFigures
from ubp_core.models.spec import ModelSpec
from ubp_core.vocabulary import DENSE
from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.layer_choices import ChoiceHistory, LayerChoices, Scope
from ubp_tui.choices.marks import Marks
from ubp_tui.choices.problem import Problem
from ubp_tui.observing import Signal
from ubp_tui.work.measuring import LayerMeasure
from ubp_tui.work.selecting import LayerResult
from ubp_tui.work.totals import NetworkTotal, sum_network
from ubp_tui.workspace.cache import ResultCache

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel


class WorkspaceState:
    """What observers of a workspace read."""

    def __init__(self, spec: ModelSpec, choice: Choice) -> None:
        """Args: the model that is going to be opened, the first choice for all layers."""
        self.spec = spec
        """How the model is loaded; it goes into plans."""
        self.model: LoadedModel | None = None
        """The model, once it is open."""
        self.choices = LayerChoices(choice)
        """What is chosen for every layer."""
        self.scope: Scope = "all"
        """Which layers a change is meant for."""
        self.layer = ""
        """Name of the layer on the screen; empty before there is one."""
        self.by_tap = False
        """Whether the map's columns stand by tap of the kernel, not by channel."""
        self.marks = Marks()
        """Which layers are marked, which are shown, in which order."""
        self.wanted = SelectionRequest(0, "", choice)
        """The selection that is to be on the screen."""
        self.selection: LayerResult | None = None
        """The selection that is on the screen; None: there is none yet, or `problem` says why."""
        self.remark = ""
        """What there is to say about the last edit, or why it changed nothing."""
        self.problem: Problem | None = None
        """Why there is no selection."""
        self.known = ResultCache()
        """What was computed already."""
        self.device = ""
        """Name of the device whose figures are followed; empty: the one of the last run."""
        self.figures = LayerFigures()
        """What the history has of the layers for that device."""
        self.held = True
        """Whether what nobody waits for is left for later."""
        self.calibration = ""
        """Folder of pictures that int8 is calibrated on, or `random`; empty: nothing was named."""
        self._past = ChoiceHistory()
        self._make_signals()

    def _make_signals(self) -> None:
        """What can change."""
        self.opened = Signal()
        """Another model is open."""
        self.wish_changed = Signal()
        """Another selection is wanted: of another layer, another choice, or other columns."""
        self.choices_changed = Signal()
        """The choices of layers, on the screen or not."""
        self.remarked = Signal()
        """There is another `remark`."""
        self.scope_changed = Signal()
        self.marks_changed = Signal()
        """Marks, filter or order."""
        self.selection_changed = Signal()
        """What is on the screen, or why nothing is."""
        self.measures_grew = Signal()
        """More figures of layers are known."""
        self.curve_grew = Signal()
        """A point more of the curves of the layer on the screen."""
        self.device_changed = Signal()
        """The figures of a device are wanted, also anew."""
        self.figures_changed = Signal()
        self.held_changed = Signal()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers of the model; none before it is open."""
        return () if self.model is None else self.model.layers

    def find(self, name: str) -> Layer | None:
        """A layer of the model; None where it has none of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def choice(self) -> Choice:
        """The choice of the layer on the screen."""
        return self.choices.of(self.layer)

    @property
    def meant(self) -> Choice:
        """What the controls show and step from: the choice of the layer on the screen; of a budget that all layers
        share, where all are meant, the budget's own."""
        budget = self.choices.budget
        if self.scope == "all" and budget is not None and self.choices.shares(self.layer):
            return budget.choice
        return self.choice

    @property
    def dtype(self) -> str:
        """The type of the layer on the screen."""
        return self.choices.dtype_of(self.layer)

    @property
    def settled(self) -> bool:
        """Whether the screen has what is wanted, or the reason why there is none."""
        return self.problem is not None or (self.selection is not None and self.selection.request == self.wanted)

    @property
    def pruned(self) -> tuple[Layer, ...]:
        """The layers that the present choices prune."""
        layers = () if self.model is None else self.model.prunable
        return tuple(layer for layer in layers if self.choices.prunes(layer))

    def find_measures(self) -> dict[str, LayerMeasure]:
        """What is known of the pruned layers as they are chosen, by name."""
        found = {
            layer.name: self.known.measures.get((layer.name, self.choices.of(layer.name))) for layer in self.pruned
        }
        return {name: measure for name, measure in found.items() if measure is not None}

    def sum_up(self) -> NetworkTotal:
        """What the choices make of the network, as far as it is known."""
        pruned = frozenset(layer.name for layer in self.pruned)
        return sum_network(self.layers, pruned, self.find_measures(), self.choices.dtype_of)

    def find_figures(self) -> dict[str, float]:
        """The measured figure of every layer as it is chosen and in its type, where there is one, by name."""
        found = {}
        pruned = {layer.name for layer in self.pruned}
        for layer in self.layers if self.figures.values else ():
            choice = self.choices.of(layer.name)
            chosen = (choice.method, choice.block_size, choice.sparsity) if layer.name in pruned else (DENSE, 0, 0.0)
            dtype = self.choices.dtype_of(layer.name)
            figure = self.figures.of(layer.name, *chosen, dtype, choice.block_columns)
            if figure is not None and is_measure(self.figures.figure, dtype):
                found[layer.name] = figure
        return found
