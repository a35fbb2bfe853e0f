"""What goes wrong with the history file, in one line each."""

from __future__ import annotations

from ubp_core.errors import UbpError


class HistoryError(UbpError):
    """A history file that can't be used, or an entry that is not there."""
