"""A build with nothing but pip's compiler, its progress, two builds at a time, and a compiler that fails."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from compiling.small_clone import SmallClone

STEP = re.compile(r"\[(\d+)/(\d+)\] \S.*")


@pytest.fixture
def clone(tmp_path: Path) -> SmallClone:
    return SmallClone(tmp_path / "clone", tmp_path / "home")


def test_needs_no_compiler_on_the_path(clone: SmallClone, tmp_path: Path) -> None:
    """As in a slim container."""
    empty = tmp_path / "bin"
    empty.mkdir()
    environment = clone.environment(PATH=str(empty))
    environment.pop("UBP_CXX", None)
    done = clone.build(environment)
    assert done.returncode == 0, done.stderr
    assert clone.has_library()
    steps = [STEP.fullmatch(line) for line in done.stdout.splitlines()]
    assert all(steps) and [int(step[1]) for step in steps if step] == [*range(1, len(steps) + 1)]
    assert clone.build(environment).stdout == ""  # up to date


def test_a_second_build_waits_and_tells_the_steps_of_the_first(clone: SmallClone) -> None:
    started = [
        subprocess.Popen(clone.command(), cwd=clone.folder, env=clone.environment(UBP_CXX="g++"),
                         stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    said = [child.communicate()[0].splitlines() for child in started]
    assert [child.returncode for child in started] == [0, 0]
    # Whoever came second saw steps of the other's, and made none.
    assert said[0][-1:] == said[1][-1:] and "link" in said[0][-1]


def test_a_failing_compiler_is_told_in_its_own_words(clone: SmallClone) -> None:
    source = clone.folder / "native" / "src" / "file" / "crc32.cpp"
    source.write_text(source.read_text(encoding="utf-8") + "\nthis is no C++\n", encoding="utf-8")
    done = clone.build(clone.environment(UBP_CXX="g++"))
    assert done.returncode != 0
    assert "crc32.cpp" in done.stderr and "error" in done.stderr
    assert not clone.library.exists() or not os.path.getsize(clone.library)
