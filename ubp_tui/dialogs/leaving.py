"""The question before leaving in the middle of a benchmark."""

from __future__ import annotations

from typing import Final

from ubp_tui.dialogs.error import ErrorDialog

ENDED_EARLY: Final = "the benchmark was ended before its end"
"""What the shell is told afterwards."""


class LeavingDialog(ErrorDialog):
    """Its result is `leave` where the benchmark is to be ended."""

    def __init__(self, devices: tuple[str, ...]) -> None:
        """Args: names of the devices that are at work."""
        where = f" on {', '.join(devices)}" if devices else ""
        line = f"It goes on{where}. What is measured completely is kept only when it comes to its end, or by c."
        super().__init__(
            "A benchmark is under way", line, (("stay", "Go on"), ("leave", "End it and leave")), escape="stay"
        )
