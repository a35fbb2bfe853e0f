"""Between a session and the running screens: take one down, put one back."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ubp_tui.choices.choice import ModelRequest
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.session.session import Session
from ubp_tui.widgets.bench.options_bar import OptionsBar
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.curve.curve_plot import CurvePlot
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.workspace.arrangement import Arrangement, MapPlace

if TYPE_CHECKING:
    from ubp_tui.screens.benchmark import BenchmarkScreen
    from ubp_tui.screens.explore import ExploreScreen


def capture_session(request: ModelRequest, explore: ExploreScreen, benchmark: BenchmarkScreen) -> Session:
    """Take down what the screens show; a model must have been shown."""
    table, block_map = explore.query_one(LayerTable), explore.query_one(BlockMap)
    level = 0 if block_map.view is None else block_map.view.level
    place = explore.wanted_place or MapPlace(*block_map.cursor, level)
    return Session(
        request=request,
        choices=explore.choices,
        marked=table.marked,
        layer=explore.layer,
        view=explore.view,
        scope=explore.scope,
        by_tap=explore.by_tap,
        place=place,
        pattern=table.pattern,
        devices=_chosen_devices(benchmark),
        options=benchmark.query_one(OptionsBar).options if benchmark.is_mounted else benchmark.wanted_options,
        arrangement=_take_arrangement(explore, benchmark),
    )


def _take_arrangement(explore: ExploreScreen, benchmark: BenchmarkScreen) -> Arrangement:
    """How the screens are arranged."""
    table = explore.query_one(LayerTable)
    return Arrangement(
        theme=explore.app.theme,
        full=explore.full,
        sort=table.sort_column,
        descending=table.descending,
        pictures=explore.query_one(MapPane).pictures,
        curves_over=explore.query_one(CurvePlot).axis,
        plot=benchmark.query_one(ResultPane).plot if benchmark.is_mounted else benchmark.wanted_plot,
    )


def _chosen_devices(benchmark: BenchmarkScreen) -> tuple[str, ...]:
    """What the user chose: on the benchmark screen, or in the session before where that was never opened."""
    if not benchmark.is_mounted:
        return benchmark.wanted
    panel = benchmark.query_one(DevicePanel)
    return panel.marked or ((panel.chosen,) if panel.picked else benchmark.wanted)


def restore_session(session: Session, explore: ExploreScreen, benchmark: BenchmarkScreen) -> None:
    """Put back what a session holds, as far as the model that is shown has it."""
    assert explore.model is not None
    names = {layer.name for layer in explore.model.layers}
    table = explore.query_one(LayerTable)
    explore.scope = session.scope
    explore.by_tap = session.by_tap
    explore.choices = _known_choices(session.choices, names)
    table.set_marks(session.marked)  # those that the table has
    if session.pattern:
        explore.show_filter(session.pattern)
    if session.layer in names:
        table.highlight(session.layer)
        explore.layer = session.layer
    explore.action_show_view(session.view)
    explore.wanted_place = session.place
    benchmark.wanted = session.devices
    benchmark.want(session.options, session.arrangement.plot)
    _arrange(session.arrangement, explore)


def _arrange(arrangement: Arrangement, explore: ExploreScreen) -> None:
    """Put back how the explore screen is arranged."""
    explore.full = arrangement.full
    explore.query_one(LayerTable).set_order(arrangement.sort, arrangement.descending)
    explore.query_one(MapPane).pictures = arrangement.pictures
    if explore.query_one(CurvePlot).axis != arrangement.curves_over:
        explore.action_step_axis()


def _known_choices(choices: LayerChoices, names: set[str]) -> LayerChoices:
    """Without layers that the model does not have: the file may have been edited."""
    special = {name: choice for name, choice in choices.special.items() if name in names}
    known = LayerChoices(choices.default, MappingProxyType(special), choices.dense & names)
    return (
        known
        if choices.budget is None
        else known.with_budget(choices.budget.limited_to({name for name in names if choices.shares(name)}))
    )
