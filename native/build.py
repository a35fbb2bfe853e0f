"""Builds the native code: writes one ninja file for the asked targets and runs it.

    python native/build.py host                  the library that ubp_core loads
    python native/build.py tested                all that the tests need, for every platform
    python native/build.py --help                every target

Compiler: the `ziglang` wheel, so that nothing but pip is needed; `UBP_CXX=g++` chooses another for this machine.
Objects are kept in a cache of the user that all clones share. One line per step on stdout, `[done/total] what`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from building.running import BuildFailed, build
from building.targets import PACKAGED, TARGETS, TESTED


def main() -> int:
    width = max(map(len, TARGETS)) + 2
    lines = "\n".join(f"  {target.name:<{width}}{target.help}" for target in TARGETS.values())
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"targets:\n{lines}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="by default all that the package needs")
    targets = parser.parse_args().targets or list(PACKAGED)
    if "tested" in targets:
        targets.remove("tested")
        targets.extend(TESTED)
    if unknown := [name for name in targets if name not in TARGETS]:
        parser.error(f"no target {', '.join(unknown)}; --help lists them")
    try:
        build(targets, lambda step: print(step, flush=True))
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
