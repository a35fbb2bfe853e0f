"""Between a session and the running app: take one down, put one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.choices.marks import Marks
from ubp_tui.session.session import Session
from ubp_tui.widgets.bench.options_bar import OptionsBar
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.workspace.arrangement import Arrangement, ExploreArrangement
from ubp_tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ubp_tui.screens.benchmark import BenchmarkScreen


def capture_session(
    workspace: Workspace, explore: ExploreArrangement, benchmark: BenchmarkScreen, theme: str
) -> Session:
    """Take down what is open and how it is shown; a model must be open."""
    marks = workspace.marks
    return Session(
        request=workspace.request,
        choices=workspace.choices,
        marked=marks.names,
        layer=workspace.layer,
        view=explore.view,
        scope=workspace.scope,
        by_tap=workspace.by_tap,
        place=explore.place,
        pattern=marks.pattern,
        devices=_chosen_devices(benchmark),
        options=benchmark.query_one(OptionsBar).options if benchmark.is_mounted else benchmark.wanted_options,
        arrangement=Arrangement(
            theme=theme,
            full=explore.full,
            sort=marks.sort,
            descending=marks.descending,
            pictures=explore.pictures,
            curves_over=explore.curves_over,
            plot=benchmark.query_one(ResultPane).plot if benchmark.is_mounted else benchmark.wanted_plot,
        ),
    )


def _chosen_devices(benchmark: BenchmarkScreen) -> tuple[str, ...]:
    """What the user chose: on the benchmark screen, or in the session before where that was never opened."""
    if not benchmark.is_mounted:
        return benchmark.wanted
    panel = benchmark.query_one(DevicePanel)
    return panel.marked or ((panel.chosen,) if panel.picked else benchmark.wanted)


def prepare_workspace(session: Session, workspace: Workspace) -> None:
    """What the session's model begins with when it is opened."""
    arrangement = session.arrangement
    marks = Marks(session.marked, session.pattern).sorted_by(arrangement.sort, arrangement.descending)
    workspace.prepare(session.choices, session.scope, session.layer, session.by_tap, marks)


def explore_arrangement(session: Session) -> ExploreArrangement:
    """How the session left the explore screen."""
    kept = session.arrangement
    return ExploreArrangement(session.view, session.place, kept.full, kept.pictures, kept.curves_over)


def restore_benchmark(session: Session, benchmark: BenchmarkScreen) -> None:
    """Put back where and how the session ran benchmarks."""
    benchmark.wanted = session.devices
    benchmark.want(session.options, session.arrangement.plot)
