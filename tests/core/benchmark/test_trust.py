"""Ratios by turns and their intervals, against counting by hand; the parts of a run add up."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ubp_core.benchmark import GROUPS, LayerResult, ProfileStep, VariantResult, account
from ubp_core.benchmark.figure import FEW_TURNS, FEWEST, HOST_TIME, LATENCY, WIDE, ends_outside, pair_ratio
from ubp_core.cli.bench.output import layer_lines, time_and_share
from ubp_core.units import format_time

TIMES = st.lists(st.integers(1, 10**9), min_size=1, max_size=60)


def coverage(count: int, outside: int) -> float:
    """Chance that the true median lies between the values that stay, by counting how many of them can lie below it."""
    ways = sum(math.comb(count, below) for below in range(outside + 1, count - outside))
    return ways / 2**count


@pytest.mark.parametrize("count", [*range(1, 80), 500, 999])
def test_the_interval_is_the_narrowest_that_holds_the_confidence(count: int) -> None:
    outside = ends_outside(count)
    assert 0 <= outside <= (count - 1) // 2
    if count < FEWEST:
        assert outside == 0 and coverage(count, 0) < 0.95
        return
    assert coverage(count, outside) >= 0.95
    assert coverage(count, outside + 1) < 0.95


@given(TIMES, TIMES)
def test_ratios_are_those_of_the_turns(first: list[int], second: list[int]) -> None:
    ratio = pair_ratio(first, second)
    ratios = sorted(a / b for a, b in zip(first, second, strict=False))
    assert ratio is not None and ratio.turns == len(ratios) == min(len(first), len(second))
    assert ratio.value == statistics.median(ratios)
    assert ratios[0] <= ratio.low <= ratio.value <= ratio.high <= ratios[-1]
    assert ratio.wide == (ratio.turns < FEW_TURNS or ratio.high / ratio.low > 1 + WIDE)


@given(st.lists(st.floats(1, 50), min_size=FEWEST, max_size=40), st.floats(0.2, 5))
def test_load_that_hits_both_runs_of_a_turn_leaves_the_ratio(load: list[float], true: float) -> None:
    """Medians of each alone would give anything where the load changes from turn to turn."""
    ratio = pair_ratio([1e6 * true * x for x in load], [1e6 * x for x in load])
    assert ratio is not None and ratio.value == pytest.approx(true) and not ratio.wide
    assert (ratio.low, ratio.high) == (pytest.approx(true), pytest.approx(true))


def variant(method: str, samples: tuple[int, ...], **changes: object) -> VariantResult:
    median = float(statistics.median(samples)) if samples else None
    return VariantResult(
        method,
        method,
        4,
        0.75,
        "ubp",
        "ok",
        "aa",
        samples,
        median_ns=median,
        p90_ns=median,
        **changes,  # type: ignore[arg-type]
    )


def test_a_row_marks_a_ratio_that_is_not_sure() -> None:
    calm = variant("bed", tuple(range(50, 70)))
    busy = variant("abp", tuple(itertools.chain.from_iterable((20, 200) for _ in range(10))))
    layer = LayerResult("a", "1", "1", (variant("dense", tuple(range(100, 140, 2))), calm, busy))
    assert layer.unsure(busy) and not layer.unsure(calm) and not layer.unsure(layer.variants[0])
    lines = layer_lines(layer, HOST_TIME)
    assert [line[7] for line in lines] == ["1.00x", "2.00x", lines[2][7]] and lines[2][7].endswith("x?")
    assert lines[0][8] == "" and lines[1][8] == "2.00 to 2.00" and " to " in lines[2][8]
    assert {line[10] for line in lines} == {"host time"}
    assert pair_ratio((), (1,)) is None
    assert LayerResult("a", "1", "1", (calm,)).ratio(calm) is None


def test_fp16_has_no_ratio_where_it_is_no_measure() -> None:
    pair = [replace(variant(method, tuple(range(50, 70))), dtype="fp16") for method in ("dense", "bed")]
    layer = LayerResult("a", "1", "1", tuple(pair))
    assert [line[7:] for line in layer_lines(layer, HOST_TIME)] == [("-", "", "ok", "no measure")] * 2
    assert next(line[7:] for line in layer_lines(layer, LATENCY)) == ("1.00x", "", "ok", "latency")


@given(
    st.lists(
        st.tuples(st.sampled_from(["convolution", "depthwise", "add", "linear"]), st.integers(1, 10**7)), max_size=9
    ),
    st.one_of(st.none(), st.floats(1, 1e9)),
)
def test_parts_of_a_network_add_up(steps: list[tuple[str, int]], whole: float | None) -> None:
    profile = [ProfileStep(f"s{i}", kind, "ubp", float(ns), 0.1, 1) for i, (kind, ns) in enumerate(steps)]
    times, outside, total = account(profile, {"s0"}, whole)
    assert set(times) == set(GROUPS)
    assert sum(times.values()) + outside == pytest.approx(total)
    assert total == (sum(ns for _, ns in steps) if whole is None else whole)


def test_times_below_0_are_written_so() -> None:
    assert format_time(-1.5e6) == "-1.5 ms"
    assert time_and_share(-1.5e6, 3e6) == "-1.5 ms -50.0 %"
