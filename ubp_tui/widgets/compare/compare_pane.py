"""One picture of the compare screen in its frame, and the controls of one side."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from ubp_tui.choices.choice import Choice
from ubp_tui.choices.problem import Problem
from ubp_tui.renderables.cells import shown
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.problem_panel import ProblemPanel

SIDES = ("left", "right")
"""Names of the two sides, by place."""


class ComparePane(Vertical):
    """A picture, or a problem in its place."""

    def __init__(self, picture: BlockMap, title: str, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the picture, what the frame says before there is one."""
        super().__init__(id=id)
        self.picture = picture
        self.border_title = shown(title)

    def compose(self) -> ComposeResult:
        """Both; a class says which one is seen."""
        yield self.picture
        yield ProblemPanel()

    def show(self, title: str, problem: Problem | None = None) -> None:
        """Name what is shown, or say why there is nothing."""
        self.border_title = shown(title)
        self.set_class(problem is not None, "-empty")
        if problem is not None:
            self.query_one(ProblemPanel).show(problem)
            self.picture.clear()


class SideBar(ChoiceBar):
    """The controls of one side."""

    def __init__(self, choice: Choice, place: int) -> None:
        """Args: the first choice, 0 for left or 1 for right."""
        super().__init__(choice, scoped=False, id=f"{SIDES[place]}-choice")
        self.place = place


class SideName(Static):
    """The name of a side; a click lets the keys change it."""

    @dataclass
    class Picked(Message):
        """The keys are to change this side."""

        place: int
        """0 left, 1 right."""

    def __init__(self, place: int) -> None:
        """Args: 0 for left or 1 for right."""
        super().__init__(SIDES[place], classes="side-name")
        self.place = place
        self.tooltip = "click, or press space: the keys change this side"

    def on_click(self) -> None:
        """Pick it."""
        self.post_message(self.Picked(self.place))


class SideControls(Horizontal):
    """Name and controls of a side."""

    def __init__(self, choice: Choice, place: int) -> None:
        """Args: the first choice, 0 for left or 1 for right."""
        super().__init__(id=f"{SIDES[place]}-controls", classes="side-controls")
        self._choice, self._place = choice, place

    def compose(self) -> ComposeResult:
        """From the left."""
        yield SideName(self._place)
        yield SideBar(self._choice, self._place)
