"""Which session a run of the command begins with, and where it is kept at the end. No Textual here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ubp_core.errors import PlanError, UbpError
from ubp_core.printable import printable
from ubp_core.storage.folders import session_file
from ubp_core.storage.set_aside import set_aside
from ubp_tui.session.session import Session


@dataclass(frozen=True)
class SessionStart:
    """How sessions are used in one run."""

    session: Session | None = None
    """What to begin with; None: anew."""
    offered: bool = False
    """Whether the user is asked first."""
    path: Path | None = None
    """Where to write at the end; None: nowhere."""
    complaint: str = ""
    """Why the last session can't be used; empty: it can, or there is none."""
    theme: str = ""
    """Of the last session, where nothing else of it is used; may be empty."""


def find_session(file: str | None, wanted: bool, model_given: bool) -> SessionStart:
    """Decide on the command line's say-so.

    Args:
        file: of `--session`.
        wanted: False with `--no-session`.
        model_given: whether the command line names a model or its weights.

    Raises:
        PlanError: `file` can't be used, or goes with another model.
    """
    from ubp_tui.session.file import NewerSession, load_session

    if not wanted:
        return SessionStart()
    if file is not None:
        path = Path(file)
        if not path.exists():
            return SessionStart(path=path)
        if model_given:
            raise PlanError(f"{file}: holds a session with a model of its own; leave out MODEL, or name another file")
        return SessionStart(load_session(path), path=path)
    path = session_file()
    if not path.exists():
        return SessionStart(path=path)
    try:
        last = load_session(path)
        if model_given:
            return SessionStart(path=path, theme=last.arrangement.theme)
        return SessionStart(last, offered=True, path=path)
    except NewerSession as error:
        return SessionStart(complaint=f"{error}. Until then no session is kept but with --session FILE.")
    except PlanError as error:
        # A file that we wrote ourselves must never keep anybody from starting, nor be lost at its end.
        return SessionStart(path=path, complaint=_set_aside(path, error))


def _set_aside(path: Path, error: PlanError) -> str:
    """Rename a file that can't be used, and say why and where it is now."""
    try:
        aside = set_aside(path)
    except OSError as problem:
        return f"{error}. It can't be set aside ({problem.strerror or problem}), and will be written anew at the end."
    return f"{error}. It is kept as {aside}: mend it there and go on with --session, or delete it."


def keep_session(session: Session | None, start: SessionStart) -> None:
    """Write the session at the end; what goes wrong is a line on stderr."""
    from ubp_tui.session.file import refuse_newer, save_session

    if session is None or start.path is None:
        return
    try:
        refuse_newer(start.path)  # one that began before ours and ended since may be of a later version
        save_session(session, start.path)
    except UbpError as error:
        _complain(str(error))
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror or error}")


def _complain(why: str) -> None:
    """Say at the end, when the terminal is a terminal again, that the session is not kept."""
    print(f"ubp-tui: the session is not kept: {printable(why)}", file=sys.stderr)
