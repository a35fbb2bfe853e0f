"""The log and the plain-ASCII screen."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tui_world import click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core.models.spec import ModelSpec
from ubp_tui.app import build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.log import LogPanel
from ubp_tui.looks.themes import THEMES
from ubp_tui.main import THEME_NAMES
from ubp_tui.terminal.log_file import MAX_BYTES, TAIL_BYTES, read_tail


async def test_the_log_panel_follows_the_file(tmp_path: Path) -> None:
    log = tmp_path / "ubp-tui.log"
    log.write_text("one [thing] was reported\n")
    app = make_app(services=replace(make_services(make_model()), log=log))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("L")
        await until(pilot, lambda: "one [thing] was reported" in screen_text(app))
        with log.open("a") as file:
            file.write("and another\n")
        await until(pilot, lambda: "and another" in screen_text(app))
        await click(pilot, "#log-text")
        assert isinstance(app.screen, LogPanel)
        await pilot.click(offset=(0, 0))
        await until(pilot, lambda: app.screen is app.explore)


def test_the_tail_of_a_long_log_begins_with_a_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(10_000)))
    tail = read_tail(log)
    assert len(tail) <= TAIL_BYTES and tail.startswith("line ") and tail.endswith("line 9999\n")
    assert read_tail(tmp_path / "none") == ""


SPEAKERS = """
import ctypes, logging, os, sys, warnings
from pathlib import Path
from ubp_tui.terminal.log_file import logging_to_file
with logging_to_file(Path(sys.argv[1])):
    logging.getLogger("somebody").warning("from logging")
    warnings.warn("from warnings")
    os.write(2, b"from native code\\n")
    print("the picture", file=sys.__stderr__)
print("afterwards", file=sys.stderr)
"""


@pytest.mark.parametrize("before", ["", "x" * (MAX_BYTES + 1)], ids=["new", "long"])
def test_only_the_picture_reaches_the_terminal(tmp_path: Path, before: str) -> None:
    log = tmp_path / "logs" / "ubp-tui.log"
    log.parent.mkdir()
    log.write_text(before)
    done = subprocess.run([sys.executable, "-c", SPEAKERS, str(log)], capture_output=True, text=True, check=True)
    assert done.stderr == "the picture\nafterwards\n"
    text = log.read_text()
    assert all(words in text for words in ("from logging", "from warnings", "from native code"))
    assert len(text) < 10_000


def test_a_log_that_can_not_be_written_stops_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKERS, "/proc/self/no/log"], capture_output=True, text=True, check=True
    )
    assert done.stderr == "the picture\nafterwards\n"


async def test_ascii_mode_draws_every_screen_in_ascii() -> None:
    app = build_app(ModelSpec("small"), make_services(make_model()), Choice("bed"), glyphs="ascii")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        for key in ("2", "w", "3", "question_mark", "escape", "T"):
            await pilot.press(key)
            await pilot.pause()
            lines = screen_text(app).splitlines()
            odd = {sign for line in lines for sign in line if not sign.isascii()}
            assert not odd and all(len(line) == 120 for line in lines), (key, odd)


@pytest.mark.parametrize("colourless", [True, False])
async def test_without_colour_brackets_tell_what_is_chosen(monkeypatch: pytest.MonkeyPatch, colourless: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        for method in ("bed", "optimal"):
            text = screen_text(app)
            assert (f"[{method}]" in text) == colourless and method in text
            assert ("[4]" in text) == colourless and "[8]" not in text
            await pilot.press("m")
            await settle(app, pilot)


def test_the_command_line_names_our_themes() -> None:
    assert [f"ubp-{name}" for name in THEME_NAMES] == [theme.name for theme in THEMES]
