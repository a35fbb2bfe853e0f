"""Where the package runs from, and of which commit it is: a clone asks git, a wheel has a line that its build wrote.

Imports nothing but the standard library: the build hook writes what is read here.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

PACKAGE: Final = Path(__file__).parents[1]
COMMIT_FILE: Final = "commit.txt"
"""Beside the native libraries in a wheel, at the top of a source archive."""
GIT_S: Final = 5.0
"""Seconds after which git is not waited for."""
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Origin:
    """What is running."""

    kind: Literal["clone", "sources", "wheel"]
    """A clone with its .git, an unpacked source archive, or an installed wheel."""
    folder: Path
    """The top of the sources; of a wheel the package itself."""
    commit: str
    """The full commit, with " modified" behind it where tracked files differ from it; "unknown" where nobody knows."""


def find_origin(package: Path = PACKAGE) -> Origin:
    """Looks where the package lies; never fails.

    Args:
        package: the folder of `ubp_core`.
    """
    top = package.parents[1]
    if not (top / "native" / "build.py").is_file():
        return Origin("wheel", package, read_commit(package / "_lib" / COMMIT_FILE))
    if (top / ".git").exists():  # a folder, or a file in a worktree
        return Origin("clone", top, ask_git(top))
    return Origin("sources", top, read_commit(top / COMMIT_FILE))


def read_commit(path: Path) -> str:
    """The line that a build wrote."""
    try:
        return path.read_text(encoding="ascii").strip() or UNKNOWN
    except (OSError, UnicodeDecodeError):
        return UNKNOWN


def ask_git(top: Path) -> str:
    """The commit of a clone; git changes nothing there, and may be missing."""
    # Named, so that neither a variable (in git's own hooks) nor a repository above this one is meant instead.
    where = [f"--git-dir={top / '.git'}", f"--work-tree={top}"]
    command = ["git", "--no-optional-locks", *where, "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(command, cwd=top, capture_output=True, encoding="utf-8", errors="replace", timeout=GIT_S)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    lines = done.stdout.splitlines()
    commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    if done.returncode or not commits or commits[0] == "(initial)":
        return UNKNOWN
    return commits[0] + (" modified" if any(not line.startswith("#") for line in lines) else "")
