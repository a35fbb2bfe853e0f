"""What `--version` says: the commit of a clone by git, of a wheel by its file; library, platform; it never fails."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ubp_core import about
from ubp_core.about import about_lines, describe_commit, describe_library
from ubp_core.installation import binaries, origin
from ubp_core.installation.origin import COMMIT_FILE, Origin, find_origin
from ubp_core.native import library

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@x", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def make_sources(top: Path) -> Path:
    """What makes a folder ours; returns that of the package."""
    for path in (top / "native" / "build.py", top / "core" / "ubp_core" / "__init__.py"):
        path.parent.mkdir(parents=True)
        path.touch()
    return top / "core" / "ubp_core"


def make_clone(top: Path) -> tuple[Path, str]:
    """A repository with one commit: its package and that commit."""
    package = make_sources(top)
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    return package, git(top, "rev-parse", "HEAD")


def test_a_clone_says_its_commit_and_whether_it_was_changed(tmp_path: Path) -> None:
    package, commit = make_clone(tmp_path)
    assert find_origin(package) == Origin("clone", tmp_path, commit)
    (tmp_path / "new").touch()
    assert find_origin(package).commit == commit, "files that git doesn't know are no change"
    (package / "__init__.py").write_text("changed")
    assert find_origin(package).commit == f"{commit} modified"
    git(tmp_path, "worktree", "add", "-q", str(tmp_path / "tree"))
    tree = tmp_path / "tree"
    assert find_origin(tree / "core" / "ubp_core") == Origin("clone", tree, commit)


def test_asking_changes_nothing_in_the_clone(tmp_path: Path) -> None:
    package, _ = make_clone(tmp_path)
    os.utime(package / "__init__.py", (1, 1))  # git would note that this is no change
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / ".git").rglob("*")}
    assert "modified" not in find_origin(package).commit
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / ".git").rglob("*")} == before


def test_only_the_own_repository_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, other = make_clone(tmp_path / "other")
    package, commit = make_clone(tmp_path / "other" / "inner")
    git(tmp_path / "other" / "inner", "commit", "-q", "--allow-empty", "-m", "second")
    second = find_origin(package).commit
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))  # as in a hook of git
    assert find_origin(package).commit == second and second not in (commit, other)
    installed = tmp_path / "other" / "venv" / "site-packages" / "ubp_core"
    installed.mkdir(parents=True)
    assert find_origin(installed) == Origin("wheel", installed, "unknown")


@pytest.mark.parametrize("broken", ["no git", "damaged", "no commit"])
def test_a_clone_without_an_answer_is_of_an_unknown_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    package = make_sources(tmp_path)
    if broken == "damaged":
        (tmp_path / ".git").write_text("gitdir: nowhere\n")
    else:
        git(tmp_path, "init", "-q")
    if broken == "no git":
        monkeypatch.setenv("PATH", str(tmp_path))
    assert find_origin(package) == Origin("clone", tmp_path, "unknown")


def test_a_wheel_says_what_its_build_wrote(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "ubp_core"
    (package / "_lib").mkdir(parents=True)
    assert find_origin(package) == Origin("wheel", package, "unknown")
    (package / "_lib" / COMMIT_FILE).write_text(f"{COMMIT} modified\n")
    assert find_origin(package) == Origin("wheel", package, f"{COMMIT} modified")
    assert describe_commit(f"{COMMIT} modified") == "0123456789ab, modified"
    (package / "_lib" / COMMIT_FILE).write_bytes(b"\xff")
    assert find_origin(package).commit == "unknown"


def test_unpacked_sources_say_what_their_archive_holds(tmp_path: Path) -> None:
    package = make_sources(tmp_path)
    assert find_origin(package) == Origin("sources", tmp_path, "unknown")
    (tmp_path / COMMIT_FILE).write_text(f"{COMMIT}\n")
    assert find_origin(package).commit == COMMIT and describe_commit(COMMIT) == "0123456789ab"


def test_the_lines_are_of_this_program(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = dict(about_lines())
    found = find_origin()
    assert lines["commit"] == describe_commit(found.commit) and str(found.folder) in lines["installed"]
    assert lines["platform"] == f"{sys.platform} {platform.machine()}, Python {platform.python_version()}"
    monkeypatch.setattr(about, "find_origin", lambda: Origin("wheel", Path("/x"), COMMIT))
    assert dict(about_lines())["installed"] == "wheel, /x"


def test_the_library_is_named_or_what_is_wrong_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe_library() == f"{binaries.LIBRARY}, interface {library.ABI_VERSION}"
    library.library.cache_clear()
    monkeypatch.setattr(binaries, "LIBRARY", tmp_path / "libubp.so")
    assert describe_library() == f"missing: {tmp_path / 'libubp.so'}; {library.REBUILD}"
    (tmp_path / "libubp.so").write_text("no library")
    text = describe_library()
    assert text.startswith(f"{tmp_path / 'libubp.so'}: the native library can't be loaded") and "\n" not in text


def test_the_build_hook_can_import_it_alone() -> None:
    program = f"import runpy, sys; runpy.run_path({origin.__file__!r}); print('ubp_core' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
