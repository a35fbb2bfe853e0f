"""Builds the fuzzer of reader and runtime, gives it valid files, and runs it: `make fuzz`.

python tests/native/run_fuzzer.py --runs 1000000 --seed 1
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "native"), str(ROOT / "tests" / "native")]


def build_fuzzer() -> Path | None:
    """The fuzzer's binary, up to date; None where no compiler has sanitizers."""
    from building.compilers import fuzz_compiler
    from building.running import build

    return build(["fuzz"])[0] if fuzz_compiler() else None


def run_fuzzer(binary: Path, runs: int, seed: int) -> subprocess.CompletedProcess[str]:
    """One session over the seed files; the output has a line per refused field."""
    from fuzz_seeds import write_seeds

    with tempfile.TemporaryDirectory() as folder:
        files = write_seeds(Path(folder))
        command = [str(binary), "--runs", str(runs), "--seed", str(seed), *map(str, files)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    binary = build_fuzzer()
    if binary is None:
        print("no fuzzing: neither g++ nor clang++ here (UBP_FUZZ_CXX names another compiler)", file=sys.stderr)
        return 2
    result = run_fuzzer(binary, options.runs, options.seed)
    print(result.stdout, end="")
    print(result.stderr, end="", file=sys.stderr)
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
