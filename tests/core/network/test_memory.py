"""The bar on memory: beside its mapped file and its arena a run of one thread holds at most 2 MB, on every core."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from network.conftest import exported_by_name

sys.path.insert(0, str(Path(__file__).parents[3] / "native"))

BAR = 2 << 20
SIZE = 224


@pytest.fixture(scope="module")
def resnet50(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The largest network, pruned, for pictures of the usual size."""
    path = tmp_path_factory.mktemp("memory") / "resnet50.ubp"
    exported_by_name("resnet50", SIZE)[0].packed.save(path)
    return path


@pytest.mark.parametrize("variant", ["wide", "inorder"])
@pytest.mark.parametrize("target", ["network_memory", "network_memory_arm64"])
def test_two_megabytes_beside_file_and_arena(target: str, variant: str, resnet50: Path) -> None:
    """Counted by operator new of a C++ program, from opening the file to the end of the last run.

    No run asks for memory, so the emulator, where one takes fifteen seconds, only opens the network.
    """
    from building.running import build

    (program,) = build([target])
    emulator = ["qemu-aarch64"] if target.endswith("arm64") else []
    command = [*emulator, str(program), str(resnet50), variant, "0" if emulator else "2"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["variant"] == variant
    assert found["file"] == resnet50.stat().st_size
    assert 0 < found["workspace"] + found["prepared"] <= found["most_held"] - found["arena"] <= BAR
    assert found["allocations_in_runs"] == 0
    if not emulator:  # what the system counts: with heap and stacks, in whole pages
        assert found["anonymous_growth"] - found["arena"] <= BAR
