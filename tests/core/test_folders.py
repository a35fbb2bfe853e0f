"""Where files lie: every path comes from one module, UBP_HOME moves all of them, and what can't be one is said."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch.hub

import ubp_core
import ubp_tui
from ubp_core.cli.main import main
from ubp_core.errors import UsageError
from ubp_core.storage import folders

VARIABLES = ("UBP_HOME", "UBP_HISTORY", "TORCH_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
FILES = {
    folders.history_file: "data/history.sqlite",
    folders.session_file: "state/last-session.yaml",
    folders.recent_file: "state/recent-models.json",
    folders.tour_file: "state/tour-seen",
    folders.log_file: "log/ubp-tui.log",
    folders.cache_folder: "cache",
    folders.weights_folder: "cache/weights",
}
"""Every path, and where it is below UBP_HOME."""


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user who has set nothing."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def imports(path: Path) -> Iterator[str]:
    """The packages that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_one_module_knows_where_the_system_keeps_files() -> None:
    modules = [path for package in (ubp_core, ubp_tui) for path in Path(package.__path__[0]).rglob("*.py")]
    assert [path.name for path in modules if "platformdirs" in imports(path)] == ["folders.py"]
    texts = {path: path.read_text(encoding="utf-8") for path in modules}
    assert [path.name for path, text in texts.items() if "Path.home(" in text or '"~/' in text] == ["folders.py"]


def test_each_user_has_places_of_their_own(tmp_path: Path) -> None:
    paths = [find() for find in FILES]
    assert len(set(paths)) == len(paths) and all(tmp_path / "home" in path.parents for path in paths)
    ours = [path for find, path in zip(FILES, paths, strict=True) if find is not folders.weights_folder]
    assert all("ubp-tui" in path.parts for path in ours)


@pytest.mark.parametrize("written", ["{}/moved", "{}/moved/", "~/../moved"])
def test_one_variable_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str) -> None:
    monkeypatch.setenv("UBP_HOME", written.format(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    for find, below in FILES.items():
        assert Path(str(find()).replace("/home/../", "/")) == tmp_path / "moved" / below
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_named_goes_before_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable, value in (("UBP_HOME", "/moved"), ("UBP_HISTORY", "~/mine.db"), ("TORCH_HOME", "/torch")):
        monkeypatch.setenv(variable, value)
    assert folders.history_file() == tmp_path / "home" / "mine.db"
    assert folders.weights_folder() == Path("/torch/hub/checkpoints")
    assert folders.log_file() == Path("/moved/log/ubp-tui.log")


@pytest.mark.parametrize("variables", [{}, {"TORCH_HOME": "~/t"}, {"XDG_CACHE_HOME": "/c"}, {"TORCH_HOME": "/t"}])
def test_weights_lie_where_torch_has_its_own(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert folders.weights_folder() == Path(torch.hub.get_dir()) / "checkpoints"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("here", "UBP_HOME: here: need a whole path, as /data/ubp or ~/ubp"),
        ("./here", "need a whole path"),
        ("~nobody-of-this-name/x", "the folder of this user is not known; write the whole path"),
        ("{}/file", "is no folder; name one, which is made where it is missing"),
        ("{}/file/below", "Not a directory; name another folder"),
        ("/" + "n" * 300, "File name too long; name another folder"),
    ],
)
def test_what_can_not_be_a_home_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, chosen: str, words: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("UBP_HOME", chosen.format(tmp_path))
    for arguments in (["paths"], ["layers", "mobilenet_v1"], ["history"]):
        assert main(arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1 and words in captured.err
    assert main(["--version"]) == main(["--help"]) == 0


def test_an_empty_variable_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [find() for find in FILES]
    for variable in ("UBP_HOME", "UBP_HISTORY"):
        monkeypatch.setenv(variable, "")
    assert [find() for find in FILES] == before and folders.home() is None


def test_a_user_without_a_home_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # no such variable, and no such user
    for find in FILES:
        with pytest.raises(UsageError, match=r"^this user has no home folder: name one in HOME, or a folder"):
            find()
