"""How a rule says that it is broken."""

from __future__ import annotations

from ubp_core.errors import FileError


def require(condition: bool, field: str, reason: str) -> None:
    """Refuses the file with one line unless the condition holds."""
    if not condition:
        raise FileError(f"{field}: {reason}")
