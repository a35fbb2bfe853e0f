"""The one dialog that asks for a line of text; what is likely is offered in a list, for a click or the arrow keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from ubp_tui.renderables.cells import pad, shown


class PromptDialog(ModalScreen[str]):
    """Asks for a line; its result is the line, or None if the user left."""

    BINDINGS = [  # noqa: RUF012 (Textual's own form)
        Binding("escape", "dismiss", "close"),
        Binding("down", "enter_list", "offers"),
    ]

    def __init__(
        self,
        title: str,
        hint: str,
        check: Callable[[str], str] = lambda text: "",
        offers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Args: title, what can be typed, a check that says what is wrong with a text, texts to offer with a note."""
        super().__init__()
        self._title = title
        self._hint = hint
        self._check = check
        self._offers = offers

    def compose(self) -> ComposeResult:
        """Line, offers, hint, buttons."""
        with Vertical(id="prompt") as panel:
            panel.border_title = shown(self._title)
            yield Input(id="prompt-input", compact=True)
            if self._offers:
                yield OptionList(*self._make_options(), id="prompt-offers", compact=True)
            yield Static(shown(self._hint), id="prompt-hint", markup=False)
            with Horizontal(id="prompt-buttons"):
                yield Button("OK", id="prompt-ok", variant="primary", compact=True)
                yield Button("Cancel", id="prompt-cancel", compact=True)

    def _make_options(self) -> list[Option]:
        """A line for each offer: the text, then the note."""
        lines = [(shown(text), shown(note)) for text, note in self._offers]
        width = max(cell_len(text) for text, _ in lines)
        return [Option(Content.assemble(pad(text, width), (f"  {note}", "$text-muted"))) for text, note in lines]

    @on(Input.Changed)
    def _show_hint(self) -> None:
        """A complaint does not stay while the line is mended."""
        self.query_one("#prompt-hint", Static).update(shown(self._hint))

    @on(Input.Submitted)
    @on(Button.Pressed, "#prompt-ok")
    def _accept(self) -> None:
        """Answer, or say what is wrong."""
        self._answer(self.query_one(Input).value.strip())

    @on(OptionList.OptionSelected)
    def _take_offer(self, message: OptionList.OptionSelected) -> None:
        """Answer with an offer."""
        self._answer(self._offers[message.option_index][0])

    def action_enter_list(self) -> None:
        """From the line to the offers."""
        for offers in self.query(OptionList):
            offers.focus()

    def _answer(self, text: str) -> None:
        """Answer with a text that passes the check."""
        complaint = self._check(text)
        if complaint:
            self.query_one("#prompt-hint", Static).update(shown(complaint))
        else:
            self.dismiss(text)

    @on(Button.Pressed, "#prompt-cancel")
    def _leave(self) -> None:
        """No answer."""
        self.dismiss()
