"""Builds a wheel for every desk into dist/, on this machine, and lists them with their sizes.

python setup/wheels.py                       all five
python setup/wheels.py windows_x86_64        some
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "native"))

from building.places import ROOT
from building.platforms import DESKS, Platform, desk_of
from building.running import BuildFailed, build
from building.targets import targets_of_wheel

LIMIT_BYTES = 10_000_000
"""No wheel is larger."""


def build_wheel(desk: Platform, folder: Path) -> Path:
    """The wheel of a desk, whose native code is compiled already."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "UBP_WHEEL": desk.name}, capture_output=True, text=True)
    if done.returncode:
        raise BuildFailed(done.stdout + done.stderr)
    return max(folder.glob(f"*-py3-none-{desk.wheel_tag}.whl"), key=lambda made: made.stat().st_mtime)


def build_wheels(desks: Sequence[Platform], folder: Path) -> list[Path]:
    """All of them; their native code is compiled at once, so that no processor waits."""
    names = dict.fromkeys(target.name for desk in desks for target in targets_of_wheel(desk))
    build(names, lambda step: print(step, flush=True))
    return [build_wheel(desk, folder) for desk in desks]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("desks", nargs="*", type=desk_of, default=DESKS, help="by default all")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist", help="where the wheels go (dist)")
    options = parser.parse_args()
    try:
        wheels = build_wheels(options.desks, options.folder)
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    for made in wheels:
        print(f"{made.stat().st_size / 1e6:6.2f} MB  {made.name}")
    if large := [made.name for made in wheels if made.stat().st_size > LIMIT_BYTES]:
        print(f"larger than {LIMIT_BYTES / 1e6:g} MB: {', '.join(large)}", file=sys.stderr)
    return int(bool(large))


if __name__ == "__main__":
    sys.exit(main())
