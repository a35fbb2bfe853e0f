"""Dataclasses from YAML: types of fields, and what is refused, with file, line and field."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ubp_core.errors import ConfigError, PlanError
from ubp_core.numerals import read_real, read_whole
from ubp_core.plan import Override
from ubp_core.strict_yaml.fields import read_document
from ubp_core.strict_yaml.sections import read_section


@dataclass(frozen=True)
class Inner:
    share: float
    flag: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigError(f"share: need 0 to 1; got {self.share:g}")
        if self.flag and self.share == 0:
            raise ConfigError("nothing to flag")


@dataclass(frozen=True)
class Outer:
    name: str
    count: int = 1
    rate: float | None = 0.5
    mean: tuple[float, float] = (0.0, 1.0)
    skip: tuple[str, ...] = ()
    rules: dict[str, Inner | float] = field(default_factory=dict)
    inner: Inner = field(default_factory=lambda: Inner(0.5))
    other: Inner | None = None


def read(tmp_path: Path, text: str) -> Outer:
    (tmp_path / "a.yaml").write_text(text)
    return read_section(read_document(tmp_path / "a.yaml", ConfigError), Outer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x", Outer("x")),
        ("name: 2024-01-02", Outer("2024-01-02")),
        ("{name: x, count: 3, rate: 1e-3}", Outer("x", 3, 0.001)),
        ("{name: x, rate: ~, other: ~}", Outer("x", rate=None)),
        ("{name: x, rate: 2, mean: [1, 2.5]}", Outer("x", rate=2.0, mean=(1.0, 2.5))),
        ("{name: x, skip: one}", Outer("x", skip=("one",))),
        ("{name: x, skip: [one, 2]}", Outer("x", skip=("one", "2"))),
        ("{name: x, skip: []}", Outer("x")),
        (
            "name: x\nrules:\n  a.*: 0.25\n  b: {share: 1, flag: yes}",
            Outer("x", rules={"a.*": 0.25, "b": Inner(1.0, True)}),
        ),
        ("{name: x, inner: {share: 0}, other: {share: 1}}", Outer("x", inner=Inner(0.0), other=Inner(1.0))),
    ],
)
def test_values_have_the_types_of_the_fields(tmp_path: Path, text: str, expected: Outer) -> None:
    assert read(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("count: 1", "a.yaml:1: name is missing"),
        ("name: x\nnmae: y", "a.yaml:2: 'nmae' is unknown; did you mean name? fields are name, count"),
        ("name: x\nname: y", "a.yaml:2: 'name' stands there twice"),
        ("name: [x]", "a.yaml:1: name: need text"),
        ("name: ~", "a.yaml:1: name: need text"),
        ("name: x\ncount: 1.5", "a.yaml:2: count: need a whole number; got '1.5'"),
        ("name: x\ncount: yes", "a.yaml:2: count: need a whole number; got 'yes'"),
        ("name: x\nrate: fast", "a.yaml:2: rate: need a number; got 'fast'"),
        ("name: x\nrate: true", "a.yaml:2: rate: need a number; got 'true'"),
        ("name: x\nrate: {a: 1}", "a.yaml:2: rate: need a single value"),
        ("name: x\nmean: 3", "a.yaml:2: mean: need 2 values"),
        ("name: x\nmean:\n- 1\n- b", "a.yaml:4: mean[1]: need a number; got 'b'"),
        ("name: x\nrules: [a]", "a.yaml:2: rules: need a mapping"),
        ("name: x\nrules:\n  b: {shar: 1}", "a.yaml:3: rules.b: 'shar' is unknown; did you mean share?"),
        ("name: x\ninner:\n  flag: no\n  share: 7", "a.yaml:4: inner.share: need 0 to 1; got 7"),
        ("name: x\ninner: {share: 0, flag: on}", "a.yaml:2: inner: nothing to flag"),
        ("name: x\ninner: {share: 1, flag: maybe}", "a.yaml:2: inner.flag: need true or false; got 'maybe'"),
        ("name: x\ninner: 3", "a.yaml:2: inner: need a mapping"),
        ("name: x\nother: !!python/object/apply:os.system [ls]", "a.yaml:2: other: need a mapping"),
        ("{name: x, count: !!int y}", "a.yaml:1: count:"),
    ],
)
def test_what_is_wrong_has_file_line_and_field(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert line in str(caught.value) and "\n" not in str(caught.value)


NO_WHOLE = [
    "010",
    "0o10",
    "0x10",
    "0b11",
    "1_000",
    "1:30",
    "1e3",
    "1.0",
    ".inf",
    "yes",
    "no",
    "on",
    "1e999",
    "9" * 30,
    "''",
]
NO_REAL = [
    "010",
    "00.5",
    "0x10",
    "1_0.5",
    "1_000",
    "1:30",
    "1:30.5",
    ".inf",
    "-.inf",
    ".nan",
    "inf",
    "nan",
    "1e999",
    "yes",
    "off",
]


@pytest.mark.parametrize("value", NO_WHOLE)
@pytest.mark.parametrize("tag", ["", "!!int "])
def test_a_whole_number_is_decimal(tmp_path: Path, value: str, tag: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.yaml:2: count: need a whole number; got"):
        read(tmp_path, f"name: x\ncount: {tag}{value}")


@pytest.mark.parametrize("value", NO_REAL)
@pytest.mark.parametrize("tag", ["", "!!float "])
def test_a_number_is_decimal_and_finite(tmp_path: Path, value: str, tag: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.yaml:2: rate: need a number; got"):
        read(tmp_path, f"name: x\nrate: {tag}{value}")


@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_are_what_they_say(value: int) -> None:
    assert read_whole(str(value)) == value and read_whole(f"+{abs(value)}") in (abs(value), None)
    assert read_whole(f"0{abs(value)}") is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_what_they_say(value: float) -> None:
    assert read_real(repr(value)) == value


@given(st.text("0123456789_:.xobeE+-infa", max_size=8))
def test_nothing_else_is_a_number(text: str) -> None:
    for number in (read_whole(text), read_real(text)):
        assert number is None or (math.isfinite(number) and Decimal(text) == Decimal(repr(number)))


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("False", False), ("yes", True), ("off", False)])
def test_truth_values(tmp_path: Path, value: str, expected: bool) -> None:
    assert read(tmp_path, f"{{name: x, inner: {{share: 1, flag: {value}}}}}").inner.flag is expected
    assert read(tmp_path, f"name: {value}").name == value
    for wrong in ("1", "0", "y", "'true'", "!!bool maybe", "!!bool 1"):
        with pytest.raises(ConfigError, match=r"inner\.flag: need true or false; got"):
            read(tmp_path, f"{{name: x, inner: {{share: 1, flag: {wrong}}}}}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x=block-size:0_8", "no such field"),
        ("x=sparsity:1_0", "no such field"),
        ("x=sparsity:nan", "no such field"),
        ("x=block-size:8,sparsity:0.5,block_size:4", "'x=.*4': block-size stands there twice$"),
    ],
)
def test_overrides_read_numbers_alike(text: str, line: str) -> None:
    with pytest.raises(PlanError, match=line):
        Override.parse(text)
