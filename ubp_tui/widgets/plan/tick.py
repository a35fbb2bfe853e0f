"""Check boxes and radio buttons that tell by shape, not by colour alone, whether they are on."""

from __future__ import annotations

from textual.widgets import Checkbox, RadioButton


class Tick(Checkbox):
    """A check box that is empty while it is off."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """What stands in the box."""
        return "X" if self.value else " "


class Dot(RadioButton):
    """A radio button that is empty while it is off."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """What stands in the button."""
        return "●" if self.value else " "
