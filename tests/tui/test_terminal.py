"""The real command in a real terminal (tmux): start, look, quit; the terminal is as it was before."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from terminal import Terminal

from ubp_core.plan import Plan
from ubp_tui.session.file import load_session

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class AppTerminal(Terminal):
    """A terminal whose user has had the tour."""

    def __init__(self, folder: Path) -> None:
        """Args: where it begins, and keeps what outlives a command."""
        self.folder = folder
        state = folder / "kept" / "state"
        state.mkdir(parents=True)
        (state / "tour-seen").touch()
        super().__init__(folder, {"PYTHONPATH": os.pathsep.join(sys.path), "UBP_HOME": str(folder / "kept")})

    def start(self, *arguments: str) -> None:
        """The app, and its exit code when it has ended."""
        words = " ".join([sys.executable, "-m", "ubp_tui", *arguments])
        self.type(f"clear; {words}; echo code=$?")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[AppTerminal]:
    opened = AppTerminal(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_start_explore_and_quit(terminal: AppTerminal, key: str) -> None:
    before = terminal.modes()
    terminal.start("mobilenet_v1", "--weights", "random", "--width", "0.25", "--method", "optimal")
    terminal.wait_for("RANDOM WEIGHTS")
    shown = terminal.wait_for("% of |w|")
    assert "retained" in shown and "Layers" in shown
    assert terminal.modes() != before
    terminal.tmux("send-keys", "2")
    terminal.wait_for("Block map")
    terminal.tmux("send-keys", key)
    terminal.wait_for("code=0")
    assert terminal.modes() == before
    assert "Traceback" not in terminal.screen()


def test_quitting_while_the_model_loads(terminal: AppTerminal) -> None:
    before = terminal.modes()
    terminal.start("mobilenet_v1", "--weights", "random", "--width", "8")
    terminal.wait_for("Loading mobilenet_v1")
    terminal.tmux("send-keys", "q")
    terminal.wait_for("code=0")
    assert terminal.modes() == before


def test_a_model_that_does_not_load_leaves_its_line_on_stderr(terminal: AppTerminal) -> None:
    before = terminal.modes()
    terminal.start("missing.safetensors", ">out.txt")
    terminal.wait_for("can't be loaded")
    terminal.tmux("send-keys", "Escape")
    shown = terminal.wait_for("code=2")
    assert "ubp-tui: " in shown and "missing.safetensors" in shown and "Traceback" not in shown
    assert (terminal.folder / "out.txt").read_bytes() == b""
    assert terminal.modes() == before


MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--method", "bed")


@pytest.mark.parametrize(("name", "code"), [("TERM", 143), ("INT", 130), ("HUP", 129)])
def test_a_signal_restores_the_terminal_and_keeps_the_session(terminal: AppTerminal, name: str, code: int) -> None:
    before = terminal.modes()
    terminal.start(*MODEL, "--session", "here.yaml")
    terminal.wait_for("% of |w|")
    terminal.tmux("send-keys", "m")
    terminal.wait_for("certified at most")
    os.kill(terminal.find_child(), getattr(signal, f"SIG{name}"))
    terminal.wait_for(f"code={code}")
    assert terminal.modes() == before
    assert "Traceback" not in terminal.screen()
    kept = load_session(terminal.folder / "here.yaml")
    assert kept.spec.name == "mobilenet_v1" and kept.choices.default.method == "optimal"


def test_a_signal_while_the_model_loads(terminal: AppTerminal) -> None:
    before = terminal.modes()
    terminal.start("mobilenet_v1", "--weights", "random", "--width", "8")
    terminal.wait_for("Loading mobilenet_v1")
    os.kill(terminal.find_child(), signal.SIGTERM)
    terminal.wait_for("code=143")
    assert terminal.modes() == before


def test_from_start_to_files_to_the_next_day(terminal: AppTerminal) -> None:
    """Select, mark, export a plan and masks, quit; the next start offers the session and goes on with it."""
    before = terminal.modes()
    terminal.start(*MODEL)
    terminal.wait_for("% of |w|")
    terminal.tmux("send-keys", "m", "n", "Space", "j", "Space")
    terminal.wait_for("2 marked")
    terminal.tmux("send-keys", "e")
    terminal.wait_for("Take away")
    terminal.tmux("send-keys", "Tab", "Tab", "Space", *["Tab"] * 7, "Enter")
    terminal.wait_for("wrote ")
    terminal.tmux("send-keys", "q")
    terminal.wait_for("code=0")
    assert terminal.modes() == before
    plan = Plan.load(next(terminal.folder.glob("*.yaml")))
    pruned = [layer for layer in plan.layers if not layer.dense]
    assert {(layer.method, layer.block_size) for layer in pruned} == {("optimal", 8)}
    masks = np.load(next(terminal.folder.glob("*.npz")))
    assert len(masks.files) >= 2

    terminal.start()
    terminal.wait_for("Go on with the last session?")
    terminal.tmux("send-keys", "Enter")
    shown = terminal.wait_for("% of |w|")
    assert "RANDOM WEIGHTS" in shown and "2 marked" in shown
    terminal.tmux("send-keys", "C-c")
    terminal.wait_for("code=0")
    assert terminal.modes() == before


CRASHING = """
import sys
import numpy as np
from ubp_tui.main import main
from ubp_tui.screens.explore import ExploreScreen
def fail(self):
    weights = np.arange(10.0)
    raise RuntimeError("a mistake of ours\\nand more")
ExploreScreen.action_toggle_pictures = fail
sys.exit(main(sys.argv[1:]))
"""


def test_an_unexpected_error_is_one_line_and_the_session_is_kept(terminal: AppTerminal) -> None:
    before = terminal.modes()
    (terminal.folder / "crashing.py").write_text(CRASHING)
    words = " ".join([sys.executable, "crashing.py", *MODEL, "--session", "here.yaml"])
    terminal.type(f"clear; {words}; echo code=$?")
    terminal.wait_for("% of |w|")
    terminal.tmux("send-keys", "m", "p")
    shown = terminal.wait_for("code=1")
    assert terminal.modes() == before
    assert "ubp-tui: unexpected error, RuntimeError: a mistake of ours; the traceback" in shown
    assert "Traceback" not in shown and "weights" not in shown.partition("unexpected")[2] and "and more" not in shown
    (log,) = terminal.folder.glob("kept/log/*.log")
    assert "Traceback" in log.read_text() and "in fail" in log.read_text()
    assert load_session(terminal.folder / "here.yaml").choices.default.method == "optimal"


CAPTURING = """
import sys
import threading
import ubp_core.network.exporting as exporting
from ubp_tui.main import main
exporting.capture = lambda *arguments: threading.Event().wait()
sys.exit(main(sys.argv[1:]))
"""


def test_leaving_waits_for_no_capture_of_a_network(terminal: AppTerminal) -> None:
    """torch.export can't be interrupted; here it never ends."""
    before = terminal.modes()
    (terminal.folder / "capturing.py").write_text(CAPTURING)
    files = {*terminal.folder.iterdir()}
    words = " ".join([sys.executable, "capturing.py", *MODEL, "--no-session"])
    terminal.type(f"clear; {words}; echo code=$?")
    terminal.wait_for("% of |w|")
    terminal.tmux("send-keys", "e")
    terminal.wait_for("Take away")
    terminal.tmux("send-keys", *["Tab"] * 4, "Space", "Enter")
    terminal.wait_for("capturing the network")
    terminal.tmux("send-keys", "C-c")
    terminal.wait_for("code=0")
    assert terminal.modes() == before
    assert {path for path in terminal.folder.iterdir() if path.suffix in {".ubp", ".yaml", ".tmp"}} <= files
