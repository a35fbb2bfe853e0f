"""Builds a wheel for every desk into dist/, on this machine, and lists them with their sizes.

python setup/wheels.py                       all five
python setup/wheels.py windows_x86_64        some
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
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
    subprocess.run(command, cwd=ROOT, env={**os.environ, "UBP_WHEEL": desk.name}, check=True, stdout=subprocess.DEVNULL)
    return max(folder.glob(f"*-py3-none-{desk.wheel_tag}.whl"), key=lambda made: made.stat().st_mtime)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("desks", nargs="*", type=desk_of, default=DESKS, help="by default all")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist", help="where the wheels go (dist)")
    options = parser.parse_args()
    names = dict.fromkeys(target.name for desk in options.desks for target in targets_of_wheel(desk))
    try:
        build(names, lambda step: print(step, flush=True))  # all at once: processors are never idle
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    large = False
    for desk in options.desks:
        made = build_wheel(desk, options.folder)
        size = made.stat().st_size
        large |= size > LIMIT_BYTES
        print(f"{size / 1e6:6.2f} MB  {made.name}{'  TOO LARGE' if size > LIMIT_BYTES else ''}")
    return int(large)


if __name__ == "__main__":
    sys.exit(main())
