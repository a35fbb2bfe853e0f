"""Build hook: compiles the native code of a wheel and names the wheel for its platform.

`UBP_WHEEL` chooses another platform than this machine's, by its name in native/building/platforms.py; a wheel serves
every release of Python. An editable install compiles nothing: in a clone the app and `make native` do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs the native build."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles, and says which files go where in the wheel."""
        if version == "editable":
            return
        sys.path[:0] = [str(Path(self.root) / "native"), str(Path(self.root) / "core" / "ubp_core" / "installation")]
        from origin import COMMIT_FILE

        if self.target_name == "sdist":
            build_data["force_include"][str(self._write_commit())] = COMMIT_FILE
            return
        from building.platforms import HOST, desk_of
        from building.running import build
        from building.targets import targets_of_wheel

        desk = desk_of(os.environ.get("UBP_WHEEL", HOST.name))
        outputs = build(target.name for target in targets_of_wheel(desk))
        carried = [*outputs, self._write_commit()]
        build_data["force_include"] |= {str(path): f"ubp_core/_lib/{path.name}" for path in carried}
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{desk.wheel_tag}"

    def _write_commit(self) -> Path:
        """A file with the commit that this is built from: in what is installed, nobody else knows."""
        from origin import COMMIT_FILE, find_origin

        from building.places import BUILD

        BUILD.mkdir(parents=True, exist_ok=True)
        path = BUILD / COMMIT_FILE
        path.write_text(f"{find_origin(Path(self.root) / 'core' / 'ubp_core').commit}\n", encoding="ascii")
        return path
