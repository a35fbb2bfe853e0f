"""A command like native/build.py, whose steps go on when a test lets them."""

from __future__ import annotations

from pathlib import Path

# A build's command as native/build.py is one: steps on stdout, words of the compiler on stderr. It goes on when told.
_SCRIPT = """
import sys, time
from pathlib import Path
target, folder = sys.argv[1], Path(__file__).parent
for step in (1, 2):
    print(f"[{step}/2] {target}: step", flush=True)
    while not (folder / f"go-{target}").exists():
        time.sleep(0.01)
if target == "broken":
    sys.exit("FAILED: broken.o\\nbroken.cpp:3:1: error: unknown type name 'this'\\n1 error generated.")
"""


class SteppedBuild:
    """The command, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Args: where it is made."""
        self._folder = folder
        self.script = folder / "build.py"
        self.script.write_text(_SCRIPT, encoding="utf-8")

    def let_go(self, target: str) -> None:
        """The target may come to its end."""
        (self._folder / f"go-{target}").touch()
