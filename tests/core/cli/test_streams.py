"""Every command, its actions and the app with streams that are closed, full, or lack letters: no traceback, right code.

Commands are found from the parser: a new one is covered when it is there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from phone.adb_server import AdbServer

from cli.forked_ubp import CLOSED, FULL, ForkedUbp
from history_samples import make_run
from ubp_core.cli.main import ACTIONS, COMMANDS
from ubp_core.history import History

LIMIT_S = 300
SIZE = ["--arch", "mobilenet_v1", "--width", "0.25"]
WORK = {
    "layers": ["t.pth"],
    "select": ["t.pth", "--layer", "a"],
    "compare": ["t.pth", "--methods", "abp"],
    "plan": ["t.pth", "--method", "abp"],
    "plan show": ["t.yaml"],
    "plan again": ["t.yaml"],
    "prune": ["t.yaml", "--table", "new.csv", "--force"],
    "pack": ["t.pth", "--layers", "a", "--stride", "1", "--padding", "0", "-o", "new.ubp", "--force"],
    "export": ["mobilenet_v1", "--width", "0.25", "--input-size", "32", "--method", "abp", "-o", "net.ubp", "--force"],
    "show": ["t.ubp"],
    "evaluate": ["net.yaml", "--input-size", "32", "--data", "pics/a"],
    "train": ["t.train.yaml", "--check"],
    "devices": [],
    "devices list": [],
    "devices connect": None,
    "devices clean": [],
    "bench": ["mobilenet_v1", "--width", "0.25", "--input-size", "32", "--layers", "blocks.3.pointwise", "--methods",
              "abp", "--runs", "1", "--no-history"],
    "history": [],
    "history list": [],
    "history show": ["1"],
    "history compare": ["1", "1"],
    "history export": [],
    "history delete": None,
    "paths": [],
}  # fmt: skip
"""Arguments with which each does something short; None: it prints nothing, or needs a phone."""


@pytest.fixture(scope="module")
def adb() -> Iterator[None]:
    """An adb server of our own: one that a command starts itself would outlive the tests."""
    with AdbServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
        yield


@pytest.fixture(scope="module")
def folder(adb: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files for every command."""
    place = tmp_path_factory.mktemp("streams")
    torch.save(
        {"a.weight": torch.randn(16, 16, 3, 3), "\u00e9t\u00e9.weight": torch.randn(16, 16, 1, 1)}, place / "t.pth"
    )
    with History(place / "h.sqlite") as history:
        history.add(make_run(title="\u00e9t\u00e9"))
    for name in "ab":
        (place / "pics" / name).mkdir(parents=True)
    from PIL import Image

    for name in "ab":
        Image.new("RGB", (32, 32)).save(place / "pics" / name / "1.png")
    (place / "t.train.yaml").write_text(
        "data: {train: pics, image_size: 32, workers: 0}\n"
        "model: {name: mobilenet_v1, weights: random, width: 0.25}\n"
        "pruning: {sparsity: 0.5}\ntraining: {epochs: 1}\noutput: {folder: out}\n"
    )
    pack = ["pack", "t.pth", "--layers", "a", "--stride", "1", "--padding", "0", "-o", "t.ubp"]
    small = ["mobilenet_v1", "--width", "0.25", "--method", "abp", "-o", "net.yaml"]
    for arguments in (["plan", "t.pth", "--method", "abp", "-o", "t.yaml"], ["plan", *small], pack):
        done = run(place, arguments)
        assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def ubp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedUbp]:
    """What starts commands quickly."""
    forked = ForkedUbp(tmp_path_factory.mktemp("printed"))
    yield forked
    forked.close()


def run(
    folder: Path, arguments: Sequence[str], redirection: str = "", program: str = "ubp_core.cli.main", **env: str
) -> subprocess.CompletedProcess[str]:
    """A command in a shell that redirects its streams."""
    command = ["sh", "-c", f'exec "$0" -m {program} "$@" {redirection}', sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(folder) | env, capture_output=True, text=True, encoding="utf-8",
        timeout=LIMIT_S,
    )  # fmt: skip


def environment(folder: Path) -> dict[str, str]:
    """With a history of its own."""
    return {**os.environ, "UBP_HISTORY": str(folder / "h.sqlite")}


def test_every_command_is_here() -> None:
    assert set(WORK) == set(COMMANDS) | set(ACTIONS)


ACCENTED = ("layers", "plan", "plan show", "compare", "history", "history show")
"""Commands that print the accented name."""
PRINTING = [name for name, arguments in WORK.items() if arguments is not None]


STREAMS = {
    "no stdin": {"stdin": CLOSED},
    "no stdout": {"stdout": CLOSED},
    "full stdout": {"stdout": FULL},
    "no stderr": {"stderr": CLOSED},
    "full stderr": {"stderr": FULL},
    "none": {"stdin": CLOSED, "stdout": CLOSED, "stderr": CLOSED},
}
"""Which streams are closed or full."""
REDIRECTIONS = {"no stdin": "<&-", "no stdout": ">&-", "full stdout": ">/dev/full", "no stderr": "2>&-",
                "full stderr": "2>/dev/full", "none": "<&- >&- 2>&-"}  # fmt: skip
"""The same for a shell."""
FULL_LINE = "ubp: error: the output can't be written: No space left on device\n"


@pytest.mark.parametrize("streams", STREAMS)
@pytest.mark.parametrize("name", PRINTING)
def test_every_command_with_each_stream_closed_or_full(folder: Path, ubp: ForkedUbp, name: str, streams: str) -> None:
    """A closed stream changes no exit code, a full stderr costs no result, a full stdout is one line and code 1."""
    done = ubp.run(
        [*name.split(), *(WORK[name] or []), "--quiet"], cwd=folder, env=environment(folder), **STREAMS[streams]
    )
    prints = name != "devices clean"
    if streams == "full stdout" and prints:
        assert (done.code, done.stderr) == (1, FULL_LINE)
    else:
        assert done.code == 0 and "Traceback" not in done.stderr, done.stderr
        assert bool(done.stdout) == (prints and "stdout" not in STREAMS[streams])


@pytest.mark.parametrize("streams", STREAMS)
@pytest.mark.parametrize("name", ["layers", "history list"])
def test_a_process_of_its_own_does_the_same(folder: Path, ubp: ForkedUbp, name: str, streams: str) -> None:
    arguments = [*name.split(), *(WORK[name] or [])]
    own = run(folder, arguments, REDIRECTIONS[streams])
    forked = ubp.run(arguments, cwd=folder, env=environment(folder), **STREAMS[streams])
    assert (own.returncode, own.stdout, own.stderr) == (forked.code, forked.stdout, forked.stderr)


@pytest.mark.parametrize("name", [*COMMANDS, *ACTIONS])
def test_usage_errors_and_help_with_such_streams(folder: Path, ubp: ForkedUbp, name: str) -> None:
    where = {"cwd": folder, "env": environment(folder)}
    for streams in STREAMS.values():
        done = ubp.run([*name.split(), "--no-such-option"], **where, **streams)
        assert done.code == 2 and "Traceback" not in done.stderr
    assert ubp.run([*name.split(), "--help"], **where, stdout=CLOSED).code == 0
    done = ubp.run([*name.split(), "--help"], **where, stdout=FULL)
    assert (done.code, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("layers", "latin-1"), ("layers", "ascii:strict"), *((name, "ascii") for name in ACCENTED)],
)
def test_letters_that_an_encoding_lacks(folder: Path, name: str, encoding: str) -> None:
    arguments = [*name.split(), *(WORK[name] or [])]
    done = subprocess.run(
        [sys.executable, "-m", "ubp_core.cli.main", *arguments], cwd=folder, capture_output=True, timeout=LIMIT_S,
        env={**os.environ, "UBP_HISTORY": str(folder / "h.sqlite"), "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert (rb"\xe9t\xe9" if "ascii" in encoding else b"\xe9t\xe9") in done.stdout


def test_the_c_locale_and_names_that_are_no_text(folder: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert "\\xe9t\\xe9" in run(folder, ["layers", "t.pth"], **plain).stdout
    done = subprocess.run(
        [sys.executable, "-m", "ubp_core.cli.main", "layers", b"\xff.pth"], cwd=folder, capture_output=True,
        timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1


def test_a_closed_stream_is_not_taken_by_a_file(folder: Path) -> None:
    """Else what is printed would land in the file that is opened next."""
    done = run(folder, ["select", "t.pth", "--layer", "a", "-o", "blocks.npz", "--force"], "<&- >&- 2>&-")
    import numpy as np

    assert done.returncode == 0 and np.load(folder / "blocks.npz")["mask"].any()


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
def test_the_app_without_a_stream_is_one_line(folder: Path, redirection: str) -> None:
    done = run(folder, ["--no-session"], redirection, "ubp_tui")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == int("2>" not in redirection)
    done = run(folder, ["--help"], ">/dev/full", "ubp_tui")
    line = "ubp-tui: error: the output can't be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_json_to_a_reader_that_leaves(folder: Path) -> None:
    done = run(folder, ["layers", "t.pth", "--json"], "| head -c 1; exit 0")
    assert (done.stdout, done.stderr) == ("{", "")
    assert json.loads(run(folder, ["layers", "t.pth", "--json"]).stdout)["command"] == "layers"
