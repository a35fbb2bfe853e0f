"""Settings, clusters, rows, exit codes and warnings: values in, values or one line out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ubp_core.benchmark import BenchmarkError, BenchSettings, VariantResult, make_variants
from ubp_core.benchmark.faults import explain_exit
from ubp_core.benchmark.profile import ProfileStep, longest_steps, same_steps
from ubp_core.benchmark.rows import read_rows
from ubp_core.benchmark.trust import find_warnings
from ubp_core.devices.clusters import choose_cpus, format_cpus, group_cores, parse_cpus
from ubp_core.devices.device import Execution
from ubp_core.devices.errors import UnknownDevice
from ubp_core.devices.facts import parse_facts
from ubp_core.devices.remote_script import free_bytes
from ubp_core.errors import ExitCode

GOOD: dict[str, Any] = {
    "schema_version": 1, "file": "a.ubp", "layer": "x", "kernel": "ubp", "input_shape": "1x2x3x4",
    "output_shape": "1x2x3x4", "output_crc32": "00", "build": "optimised", "check": "ok", "samples_ns": [1, 2],
    "notes": [], "min_ns": 1, "median_ns": 1.5, "p90_ns": 2, "multiply_adds": 3, "celsius_before": None,
    "celsius_after": 30.5, "moved": False, "emulated": False,
}  # fmt: skip
STEADY = VariantResult("bed N=4 s=0.75", "bed", 4, 0.75, "ubp", "ok", "00", samples_ns=(100,) * 20, min_ns=100,
                       median_ns=100, p90_ns=101, celsius_before=30, celsius_after=31)  # fmt: skip


@pytest.mark.parametrize("change", [{"threads": 0}, {"runs": 0}, {"min_time_s": 0}, {"warmup": -1}, {"batch": 0},
                                    {"cool_down_s": -1}, {"limit_s": 0}])  # fmt: skip
def test_bad_settings_are_named(change: dict[str, int]) -> None:
    with pytest.raises(BenchmarkError, match="need ") as caught:
        BenchSettings(**change)  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.BAD_INPUT


def test_variants_of_a_comparison() -> None:
    variants = make_variants(("dense", "abp", "bed", "unstructured"), (4, 8), (0.5,))
    assert [v.label for v in variants] == [
        "dense", "abp N=4 s=0.5", "abp N=8 s=0.5", "bed N=4 s=0.5", "bed N=8 s=0.5", "unstructured N=1 s=0.5",
    ]  # fmt: skip


def test_a_good_row_is_read() -> None:
    assert read_rows(b"\n" + json.dumps(GOOD).encode() + b"\n\n") == [GOOD]


@pytest.mark.parametrize("name", [name for name in GOOD if name != "celsius_after"])
@pytest.mark.parametrize("value", [None, {}, "\0\n"])
def test_every_field_of_a_row_is_checked(name: str, value: object) -> None:
    if isinstance(value, type(GOOD[name])):
        return  # of the right type
    with pytest.raises(BenchmarkError) as caught:
        read_rows(json.dumps({**GOOD, name: value}).encode())
    assert str(caught.value).isprintable() and (name in str(caught.value) or name == "schema_version")


@pytest.mark.parametrize("samples", [[], [0], [1.5], ["1"], [True], [-3]])
def test_samples_must_be_times(samples: list[object]) -> None:
    with pytest.raises(BenchmarkError, match="samples_ns"):
        read_rows(json.dumps({**GOOD, "samples_ns": samples}).encode())


@pytest.mark.parametrize(
    ("code", "said", "line"),
    [
        (0, "", ""),
        (1, "", "an output differs"),
        (2, "ubp_bench: file: no such layer", "file: no such layer"),
        (3, "odd\n\n", "exit code 3: odd"),
        (124, "", "took longer than 5 s"),
        (126, "sh: x: can't execute: Permission denied", "may not be executed there: sh: x: can't execute"),
        (127, "", "missing there"),
        (132, "", "lacks an instruction"),
        (134, "", "SIGABRT"),
        (137, "", "too little memory"),
        (139, "", "SIGSEGV"),
    ],
)
def test_exit_codes_are_explained(code: int, said: str, line: str) -> None:
    text = explain_exit(Execution(code, b"", said, 1.0), 5)
    assert line in text and bool(text) == bool(line) and "\n" not in text


def test_steady_times_give_no_warning() -> None:
    assert find_warnings([STEADY]) == ()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"p90_ns": 120}, "times spread (p90 above the median): bed N=4 s=0.75 20%"),
        ({"samples_ns": (1, 2)}, "few samples: all variants"),
        ({"celsius_after": 71.0}, "the processor is at 71 C"),
        ({"celsius_after": 40.0}, "the device warmed by 10 C"),
        ({"notes": ("clock -12 %",)}, "clock -12 %: all variants"),
        ({"check": "differs"}, "output differs from the plain loop"),
    ],
)
def test_doubts_are_told(change: dict[str, Any], line: str) -> None:
    assert any(line in found for found in find_warnings([replace(STEADY, **change)]))


def test_an_unoptimised_build_is_told() -> None:
    assert "the program was built without optimisation" in find_warnings([STEADY], "UNOPTIMISED")


CLUSTERS = group_cores(range(8), {c: 1 if c < 4 else 2 if c < 6 else 3 if c < 7 else 4 for c in range(8)}, {}, {})


@pytest.mark.parametrize(
    ("choice", "cpus"),
    [("little", "0-3"), ("middle", "4-6"), ("big", "7"), ("all", "0-7"), ("1,3-4", "1,3-4"), ("0", "0")],
)
def test_cores_by_name_or_list(choice: str, cpus: str) -> None:
    assert format_cpus(choose_cpus(choice, CLUSTERS)) == cpus


@pytest.mark.parametrize("choice", ["huge", "8", "", "3-", "-1", "1;ls"])
def test_cores_that_do_not_exist(choice: str) -> None:
    with pytest.raises(UnknownDevice, match="this device has little 0-3"):
        choose_cpus(choice, CLUSTERS)


def test_cores_of_one_kind() -> None:
    same = group_cores(range(2), {}, {}, {})
    assert [cluster.name for cluster in same] == ["all"]
    assert choose_cpus("big", same) == choose_cpus("little", same) == (0, 1)
    assert parse_cpus("0-1") == (0, 1)


def test_facts_of_an_empty_answer_are_empty() -> None:
    facts = parse_facts("")
    assert (facts.model, facts.clusters, facts.temperature_c, facts.battery_percent) == ("", (), None, None)


@pytest.mark.parametrize(
    ("line", "free"),
    [
        ("tmpfs 65536 0 65536 0% /data\n", 65536 * 1024),
        ("/dev/block/dm-5 112000 90000 21000 82% /data/user\n", 21000 * 1024),
        ("df: /data: Permission denied", None),
        ("", None),
    ],
)
def test_free_space_is_read_from_df(line: str, free: int | None) -> None:
    assert free_bytes(line) == free


@pytest.mark.parametrize("choice", ["0-99999999", "0-9999999", "99999999999999999999", "0-" + "9" * 5000])
def test_ranges_of_cores_are_checked_before_they_are_expanded(choice: str) -> None:
    two = group_cores([0, 1], {}, {}, {})
    with pytest.raises(UnknownDevice, match=r"this device has all 0-1$"):
        choose_cpus(choice, two)
    with pytest.raises(UnknownDevice, match=r"no readable list of cores$"):
        choose_cpus(choice, ())


def test_steps_of_variants_stand_side_by_side_by_name() -> None:
    """A network of fp16 has steps that the others have not; steps of one name go by their order."""

    def steps(*names: str) -> tuple[ProfileStep, ...]:
        return tuple(ProfileStep(name, "add", "", float(n), 1 / len(names), 0) for n, name in enumerate(names, 1))

    plain, typed = steps("stem", "sum", "sum", "head"), steps("input.fp16", "stem", "sum", "sum", "head", "head.fp32")
    rows = [tuple(step and step.median_ns for step in row) for row in same_steps([plain, typed])]
    assert rows == [(None, 1), (1, 2), (2, 3), (3, 4), (4, 5), (None, 6)]
    assert [row[0] and row[0].name for row in longest_steps([plain, typed], 4)] == ["stem", "sum", "sum", "head"]
