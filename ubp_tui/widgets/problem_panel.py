"""A problem in place of a picture, in a frame like that of the error dialog, wrapped and never cut."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ubp_tui.choices.problem import Problem


class ProblemText(Vertical):
    """Title in the frame, reason, remedy; the error dialog holds one too."""

    DEFAULT_CLASSES = "problem"

    def __init__(self, problem: Problem | None = None) -> None:
        """Args: the problem, if there is one already."""
        super().__init__()
        self._problem = problem or Problem("", "")
        self.border_title = Content(self._problem.title)

    def compose(self) -> ComposeResult:
        """Two texts, from the beginning: a dialog may be closed before it was ever drawn."""
        yield Static(self._problem.reason, classes="problem-reason", markup=False)
        remedy = Static(self._problem.remedy, classes="problem-remedy", markup=False)
        remedy.display = bool(self._problem.remedy)
        yield remedy

    def show(self, problem: Problem) -> None:
        """Show another problem."""
        self._problem = problem
        self.border_title = Content(problem.title)
        self.query_one(".problem-reason", Static).update(problem.reason)
        remedy = self.query_one(".problem-remedy", Static)
        remedy.update(problem.remedy)
        remedy.display = bool(problem.remedy)


class ProblemPanel(VerticalScroll, can_focus=False):
    """Stands where a picture would; the style sheet of its pane says when it is seen."""

    problem: Problem | None = None
    """What is shown."""

    def compose(self) -> ComposeResult:
        """The text in the middle."""
        yield ProblemText()

    def show(self, problem: Problem) -> None:
        """Show a problem."""
        self.problem = problem
        self.query_one(ProblemText).show(problem)
