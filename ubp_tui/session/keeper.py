"""Between a session and the running app: take one down, put one back."""

from __future__ import annotations

from ubp_tui.bench.queue import BenchQueue
from ubp_tui.choices.marks import Marks
from ubp_tui.session.session import Session
from ubp_tui.workspace.arrangement import Arrangement, ExploreArrangement
from ubp_tui.workspace.workspace import Workspace


def capture_session(
    workspace: Workspace, queue: BenchQueue, explore: ExploreArrangement, plot: str, theme: str
) -> Session:
    """Take down what is open and how it is shown; a model must be open."""
    marks = workspace.marks
    return Session(
        spec=workspace.spec,
        choices=workspace.choices,
        marked=marks.names,
        layer=workspace.layer,
        view=explore.view,
        scope=workspace.scope,
        by_tap=workspace.by_tap,
        place=explore.place,
        pattern=marks.pattern,
        devices=queue.kept_devices,
        options=queue.options,
        calibration=workspace.calibration,
        arrangement=Arrangement(
            theme=theme,
            full=explore.full,
            sort=marks.sort,
            descending=marks.descending,
            pictures=explore.pictures,
            curves_over=explore.curves_over,
            plot=plot,
        ),
    )


def prepare_workspace(session: Session, workspace: Workspace) -> None:
    """What the session's model begins with when it is opened."""
    arrangement = session.arrangement
    marks = Marks(session.marked, session.pattern).sorted_by(arrangement.sort, arrangement.descending)
    workspace.calibration = session.calibration
    workspace.prepare(session.choices, session.scope, session.layer, session.by_tap, marks)


def explore_arrangement(session: Session) -> ExploreArrangement:
    """How the session left the explore screen."""
    kept = session.arrangement
    return ExploreArrangement(session.view, session.place, kept.full, kept.pictures, kept.curves_over)
