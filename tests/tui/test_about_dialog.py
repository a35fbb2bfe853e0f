"""What the app says of itself."""

from __future__ import annotations

import pytest
from tui_world import make_app, screen_text, settle, until

from ubp_core import __version__
from ubp_tui.dialogs.about import AboutDialog

LINES = [
    ("commit", "0123456789ab"),
    ("platform", "linux x86_64, Python 3.11.7"),
    ("library", "missing: /a/long/way/\x1b[31mto/the/native/library/of/this/program/libubp.so; reinstall with pip"),
    ("installed", "wheel, /usr/lib/[bold]python3/site-packages/ubp_core"),
]


async def test_version_commit_platform_and_library(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ubp_core.about.about_lines", lambda: LINES)
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, AboutDialog) and "0123456789ab" in screen_text(app))
        text = screen_text(app)
        assert f"ubp-tui {__version__}" in text and "Python 3.11.7" in text and "ubp paths" in text
        assert "missing:" in text and "\x1b" not in text and "[bold]" in text
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.explore)


async def test_the_lines_of_the_command_are_those_of_the_app() -> None:
    from ubp_core.about import about_lines

    app = make_app()
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(app, pilot)
        await pilot.press("V")
        commit, runs_on = (dict(about_lines())[name] for name in ("commit", "platform"))
        await until(pilot, lambda: commit in screen_text(app) and runs_on in screen_text(app))
