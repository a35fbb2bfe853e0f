"""Time line of a fresh clone: packages, each link, first frame, first map, in seconds from `make tui`.

    python tests/bench/bench_clone.py                 once, with empty caches of the compiler
    python tests/bench/bench_clone.py --warm          and once more in a second clone, with the caches of the first
    python tests/bench/bench_clone.py --rounds 3

The clone is of this checkout's HEAD and stands in a temporary folder; packages come from wherever pip takes them. Two
quiet processors are what the figures of docs/install.md were measured on.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from terminal import Terminal  # noqa: E402

SIZE = 120, 36
LIMIT_S = 1800
POLL_S = 0.25


@dataclass(frozen=True)
class Row:
    """One part of the time line."""

    what: str
    begin_s: float
    end_s: float


def run_clone(folder: Path, home: Path) -> list[Row]:
    """Clones, opens the app, waits for its first map and for the last program; the rows of what happened."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    home.mkdir(exist_ok=True)
    variables = {"HOME": str(home), "UBP_HOME": str(home / "ubp"), "ZIG_GLOBAL_CACHE_DIR": str(home / "zig")}
    terminal = Terminal(folder, variables, SIZE)
    begin = time.time()
    terminal.type("make tui ARGS='--no-session --weights random'")
    try:
        seen = watch(terminal, begin)
    finally:
        terminal.close()
    return [*setup_rows(folder, begin), *native_rows(folder, begin), *seen]


def watch(terminal: Terminal, begin: float) -> list[Row]:
    """When the first frame, the first map and the last program were there."""
    rows: list[Row] = []
    marks = [("first frame", lambda text: "ubp-tui" in text and "quit" in text),
             ("first map", lambda text: re.search(r"retained \d", text)),
             ("everything compiled", lambda text: "ompiling" not in text)]  # fmt: skip
    while marks and time.time() - begin < LIMIT_S:
        if marks[0][1](terminal.screen()):
            rows.append(Row(marks.pop(0)[0], 0, time.time() - begin))
        else:
            time.sleep(POLL_S)
    if marks:
        sys.exit(f"no {marks[0][0]} in {LIMIT_S} s; the screen:\n{terminal.screen()}")
    return rows


def setup_rows(folder: Path, begin: float) -> list[Row]:
    """The parts that setup/environment.py noted."""
    parts = json.loads((folder / "build" / "setup.json").read_text(encoding="utf-8"))
    return [Row(part, first - begin, last - begin) for part, (first, last) in parts.items()]


def native_rows(folder: Path, begin: float) -> list[Row]:
    """Kernels, other sources and every link, from ninja's log and the files' times."""
    build = folder / "build" / "native"
    groups: dict[str, list[Row]] = {}
    for line in (build / ".ninja_log").read_text(encoding="utf-8").splitlines()[1:]:
        start_ms, end_ms, _, name, _ = line.split("\t")
        path = Path(name)
        end = path.stat().st_mtime - begin
        what = f"link {path.parent.name}/{path.name}"
        if path.suffix == ".o":
            part = "kernels" if "kernels" in path.parts else "other sources"
            what = f"{part}, {path.relative_to(build).parts[0].split('-')[0]}"
        groups.setdefault(what, []).append(Row(what, end - (int(end_ms) - int(start_ms)) / 1000, end))
    return [Row(f"{what} ({len(rows)})" if len(rows) > 1 else what, min(row.begin_s for row in rows),
                max(row.end_s for row in rows)) for what, rows in groups.items()]  # fmt: skip


def show(title: str, rows: list[Row]) -> None:
    """Prints them in the order in which they ended."""
    print(f"\n{title}\n{'part':<50}{'from':>8}{'to':>8}{'seconds':>9}")
    for row in sorted(rows, key=lambda row: row.end_s):
        print(f"{row.what:<50}{row.begin_s:8.1f}{row.end_s:8.1f}{row.end_s - row.begin_s:9.1f}")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--warm", action="store_true", help="also a second clone with the caches of the first")
    options = parser.parse_args()
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="ubp-clone-") as name:
            folder = Path(name)
            show(f"clone {number + 1}, empty caches", run_clone(folder / "clone", folder / "home"))
            if options.warm:
                show(f"second clone {number + 1}", run_clone(folder / "second", folder / "home"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
