"""Progress of a run: what the program's lines mean, hangs that are noticed early, long steps that are no hangs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone.fixtures import StartPhone

from ubp_core.benchmark import BenchProgress, BenchSettings, PackedVariants, Stage, run_comparison
from ubp_core.benchmark.progress_lines import PATIENCE, ProgressReader
from ubp_core.cli.bench.progress import describe_step
from ubp_core.devices import Device, open_device

Packed = tuple[PackedVariants, ...]
IMPATIENT = BenchSettings(runs=1, warmup=0, limit_s=600, quiet_s=0.5)
"""A hang would otherwise last for the ten minutes of the limit."""
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
JSON = PLAIN | st.lists(PLAIN, max_size=3) | st.just({})
NAMES = ("entry", "done", "of", "medians_ns", "silence_ns", "instructions")


@given(st.dictionaries(st.sampled_from(NAMES), JSON), JSON)
def test_no_line_makes_the_reader_fail(fields: dict[str, object], value: object) -> None:
    reader = ProgressReader(4)
    for head in ({"progress": "turns"}, {"progress": "plain loop"}, {"progress": value}, {"counted": value}):
        line = json.dumps({**head, **fields}, separators=(",", ":"))
        assert reader.take(line)
        assert not reader.take(line[:-1]) and not reader.take(line[1:])
    assert 0 <= reader.now.share <= 1 and reader.now.silence_s >= 0


def test_what_the_lines_say() -> None:
    reader = ProgressReader(2)
    assert reader.take('{"progress":"first run","entry":1,"silence_ns":2000000000}')
    assert (reader.now.step, reader.now.entry, reader.now.silence_s) == ("checking", 1, 2 * PATIENCE)
    assert reader.take('{"progress":"turns","done":12,"of":40,"medians_ns":[1500000,null],"silence_ns":3}')
    assert reader.now.rounds == "12 of 40" and reader.now.medians_ns == (1.5e6, None)
    step = BenchProgress("host", Stage.RUNNING, "conv", 1, 2, live=reader.now, figure="host time")
    assert describe_step(step) == "conv (1 of 2)  taking turns, 12 of 40  1.5 ms | -"
    assert 0.2 < step.share < 0.5
    assert reader.take('{"counted":1,"instructions":77}') and reader.counted == {1: 77}
    assert not reader.take("ubp_bench: out of memory")


def program(folder: Path, shell: str, text: str) -> Path:
    """A program in place of ubp_bench."""
    path = folder / "ubp_bench"
    path.write_text(f"#!{shell}\n{text}")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["host", "adb"])
@pytest.mark.parametrize("silence_s", [0, 1])
def test_silence_is_a_hang_unless_it_was_announced(
    name: str, silence_s: int, start_phone: StartPhone, packed: Packed, tmp_path: Path
) -> None:
    device: Device = open_device("host") if name == "host" else start_phone()[1]
    line = json.dumps({"progress": "warm-up", "entry": 0, "silence_ns": silence_s * 10**9}, separators=(",", ":"))
    shell = "/bin/sh" if name == "host" else "/system/bin/sh"
    made = program(tmp_path, shell, f"echo '{line}' >&2\nsleep 2\necho came through >&2\nexit 3\n")
    steps: list[BenchProgress] = []
    run = run_comparison(device, packed[:1], IMPATIENT, on_progress=steps.append, program=made)
    assert "warming up" in [step.live.step for step in steps if step.live]
    if silence_s * PATIENCE > 2:
        assert run.failure == "the program ended with exit code 3: came through"
    else:
        assert run.failure.startswith("the program hangs (no sign of life for ")
        assert run.failure.endswith("its program is gone")


def test_messages_are_told_and_explained_but_progress_is_not(packed: Packed, tmp_path: Path) -> None:
    text = """echo '{"progress":"begin","silence_ns":null}' >&2\necho no room >&2
echo '{"progress":"count","entry":0,"silence_ns":1}' >&2\nexit 9\n"""
    steps: list[BenchProgress] = []
    made = program(tmp_path, "/bin/sh", text)
    run = run_comparison(open_device("host"), packed[:1], IMPATIENT, on_progress=steps.append, program=made)
    assert run.failure == "the program ended with exit code 9: no room"
    assert [step.line for step in steps if step.line] == ["no room", run.failure]
