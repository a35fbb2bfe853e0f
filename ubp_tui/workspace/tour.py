"""The tour: six things to do with one's own keys, from the first layer to a saved plan and a benchmark. No Textual.

It changes nothing and waits for nobody: it looks at the workspace, hears what else was done, and goes on when the
present thing is done, whichever key or click did it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ubp_tui.keys.registry import key_of
from ubp_tui.observing import Signal
from ubp_tui.workspace.state import WorkspaceState


@dataclass(frozen=True)
class Step:
    """One thing to do."""

    key: str
    """Id of the action whose key does it."""
    task: str
    """What the key does, and what follows."""


STEPS: Final = (
    Step("layer.next", "goes to the next layer; its map and its figures come with it"),
    Step("sparsity.higher", "prunes 5 points more, of all layers: see what retained loses"),
    Step("view.map", "goes to the map: dark is pruned, bright is what the blocks keep"),
    Step("plan.budget", "asks for one sparsity over all layers; Enter spreads it where most is kept"),
    Step("plan.export", "takes the result away; Enter saves the plan as a file"),
    Step("bench.run", "measures this layer, dense against pruned, on this machine or a phone"),
)
"""In the order in which they are needed."""
VERSION: Final = 1
"""Of the tour, for a later one that is worth another look; earlier ones left an empty file."""


class Tour:
    """Which step a newcomer is at."""

    def __init__(self, workspace: WorkspaceState) -> None:
        """Args: what is looked at."""
        self.place: int | None = None
        """Number of the step, from 0; None: there is no tour."""
        self.changed, self.ended = Signal(), Signal()
        """Another step, or none; all of them are done."""
        self._workspace = workspace
        self._before: object = None
        workspace.wish_changed.connect(self._look)

    @property
    def words(self) -> tuple[str, str]:
        """The key and the task of the step; empty where there is no tour."""
        if self.place is None:
            return "", ""
        return key_of(STEPS[self.place].key), STEPS[self.place].task

    def begin(self) -> None:
        """Begin, or begin anew."""
        self._go(0)

    def leave(self) -> bool:
        """End it; False where there is none."""
        touring = self.place is not None
        if touring:
            self._go(None)
        return touring

    def note(self, action: str) -> None:
        """Hear that something was done that the workspace does not show.

        Args:
            action: id of the action that usually does it.
        """
        if self.place is not None and STEPS[self.place].key == action:
            self._advance()

    def _go(self, place: int | None) -> None:
        """Go to a step."""
        self.place, self._before = place, self._state(place)
        self.changed.emit()

    def _advance(self) -> None:
        """The step is done."""
        assert self.place is not None
        last = self.place == len(STEPS) - 1
        self._go(None if last else self.place + 1)
        if last:
            self.ended.emit()

    def _look(self) -> None:
        """Whether the step has been done."""
        if self.place is not None and self._state(self.place) != self._before:
            self._advance()

    def _state(self, place: int | None) -> object:
        """What a step changes in the workspace; nothing for steps that are noted."""
        workspace = self._workspace
        states: dict[str, Callable[[], object]] = {
            "layer.next": lambda: workspace.layer,
            "sparsity.higher": lambda: workspace.choices,
            "plan.budget": lambda: workspace.choices,
        }
        found = states.get(STEPS[place].key) if place is not None else None
        return found() if found is not None else None


def take_first_time(path: Path | None) -> bool:
    """Whether there never was a tour; from now on there was. Where nothing can be written, none begins by itself."""
    if path is None or path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{VERSION}\n", encoding="ascii")
    except OSError:
        return False
    return True
