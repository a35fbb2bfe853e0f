"""Where what outlives a command lies: the one home of every path that no command line names.

Each place is where the system keeps such things, or below the one folder that `UBP_HOME` names. Two variables name a
place of their own and go before that: `UBP_HISTORY` the history, `TORCH_HOME` the weights that torchvision has. Nothing
is made here, and nothing is read but the environment.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Literal

from ubp_core.errors import UsageError

APP: Final = "ubp-tui"
HOME: Final = "UBP_HOME"
HISTORY: Final = "UBP_HISTORY"
TORCH: Final = "TORCH_HOME"
TEMPORARY: Final = "ubp-"
"""What the names of our passing folders begin with, among the system's temporary files."""

Kind = Literal["data", "state", "cache", "log"]


def history_file() -> Path:
    """The database of benchmarks."""
    chosen = os.environ.get(HISTORY)
    return _expand(chosen, HISTORY) if chosen else _folder("data") / "history.sqlite"


def session_file() -> Path:
    """The app's last session."""
    return _folder("state") / "last-session.yaml"


def recent_file() -> Path:
    """The models that the app opened lately."""
    return _folder("state") / "recent-models.json"


def tour_file() -> Path:
    """Its presence says that this user has had the app's tour."""
    return _folder("state") / "tour-seen"


def log_file() -> Path:
    """What libraries and workers report while the app has the terminal."""
    return _folder("log") / "ubp-tui.log"


def cache_folder() -> Path:
    """What can be had again at any time: `ubp_core.storage.cache` makes and empties it."""
    return _folder("cache")


def weights_folder() -> Path:
    """Weights of torchvision: in torch's own folder, which other programs share, or with UBP_HOME in our cache."""
    if TORCH not in os.environ and home() is not None:
        return cache_folder() / "weights"
    caches = os.environ.get("XDG_CACHE_HOME", "~/.cache")  # as torch.hub.get_dir, without the seconds that torch takes
    chosen = os.environ.get(TORCH, os.path.join(caches, "torch"))
    return _known(Path(os.path.expanduser(chosen))) / "hub" / "checkpoints"


def home() -> Path | None:
    """The folder that UBP_HOME names; None where it names none.

    Raises:
        UsageError: it can't be one.
    """
    chosen = os.environ.get(HOME)
    if not chosen:
        return None
    path = _expand(chosen, HOME)
    if not path.is_absolute():
        raise UsageError(f"{HOME}: {chosen}: need a whole path, as /data/ubp or ~/ubp: each command has its own place")
    _check_folder(path)
    return path


def _check_folder(path: Path) -> None:
    """Raises UsageError where there is something that is no folder; one that is missing is made when it is needed."""
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise UsageError(f"{HOME}: {path}: is no folder; name one, which is made where it is missing")
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{HOME}: {path}: {error.strerror or error}; name another folder") from error


def _folder(kind: Kind) -> Path:
    """The folder of one kind of files."""
    below = home()
    if below is not None:
        return below / kind
    import platformdirs

    find = {
        "data": platformdirs.user_data_path,
        "state": platformdirs.user_state_path,
        "cache": platformdirs.user_cache_path,
        "log": platformdirs.user_log_path,
    }[kind]
    try:
        path = find(APP, appauthor=False)
    except RuntimeError:  # of newer releases; older ones leave the ~ where it is
        path = Path("~")
    return _known(path)


def _expand(chosen: str, variable: str) -> Path:
    """A path with ~ for a user's folder, which no shell has replaced where it stands in a file of settings."""
    try:
        return Path(chosen).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{variable}: {chosen}: the folder of this user is not known; write the whole path") from error


def _known(path: Path) -> Path:
    """The same path, unless it begins with a home folder that nobody knows."""
    if not path.is_absolute():
        raise UsageError(f"this user has no home folder: name one in HOME, or a folder for {APP}'s files in {HOME}")
    return path
