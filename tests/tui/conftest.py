"""Fixtures of the app's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_world import BENCH_SIZES
from phone.fixtures import adb_server, address, client, start_phone  # noqa: F401
from tui_world import SIZES


@pytest.fixture(autouse=True)
def own_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The layer table reads the history: not that of whoever runs the tests."""
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "no-history"))


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Each terminal size that the app is tested at."""
    chosen: tuple[int, int] = request.param
    return chosen


@pytest.fixture(params=BENCH_SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def bench_size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Sizes at which benchmarks and their history are tested: one pane at a time, and all of them."""
    chosen: tuple[int, int] = request.param
    return chosen
