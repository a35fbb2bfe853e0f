"""Fixtures of the app's tests."""

from __future__ import annotations

import pytest
from phone.fixtures import adb_server, address, client, start_phone  # noqa: F401
from tui_world import SIZES


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Each terminal size that the app is tested at."""
    chosen: tuple[int, int] = request.param
    return chosen
