"""Check boxes and radio buttons that tell by shape, not by colour alone, whether they are on."""

from __future__ import annotations

from textual.binding import Binding
from textual.widgets import Checkbox, RadioButton, RadioSet


class Tick(Checkbox, inherit_bindings=False):
    """A check box that is empty while it is off; the space bar changes it, Enter is left to the dialog."""

    BINDINGS = [Binding("space", "toggle_button", "toggle", show=False)]  # noqa: RUF012 (Textual's own form)

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """What stands in the box."""
        return "X" if self.value else " "


class DotSet(RadioSet, inherit_bindings=False):
    """Radio buttons: arrows go from one to the next, the space bar chooses, Enter is left to the dialog."""

    BINDINGS = [  # noqa: RUF012 (Textual's own form)
        Binding("down,right", "next_button", "next", show=False),
        Binding("space", "toggle_button", "choose", show=False),
        Binding("up,left", "previous_button", "previous", show=False),
    ]


class Dot(RadioButton):
    """A radio button that is empty while it is off."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """What stands in the button."""
        return "●" if self.value else " "
