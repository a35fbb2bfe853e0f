"""What pyproject.toml says of dependencies and Pythons: the lowest releases that are tested are the ones it allows."""

from __future__ import annotations

import re

from fast_tests import LOWEST, PROJECT, ROOT, SLOW, TOOLS, name_of, requirements, supported_pythons


def parts(version: str) -> tuple[int, ...]:
    """A version without the zeros at its end: 2.9 and 2.9.0 are one."""
    return tuple(map(int, re.sub(r"(\.0)+$", "", version).split(".")))


def lower_bounds() -> dict[str, tuple[int, ...]]:
    """Of everything that users get."""
    users = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["demo"]]
    found = {}
    for requirement in users:
        (bound,) = re.findall(r">=([\d.]+)", requirement)
        found[name_of(requirement)] = parts(bound)
    assert len(found) == len(users)
    return found


def test_the_lowest_releases_are_the_lower_bounds() -> None:
    lines = [line for line in LOWEST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pinned = dict(line.split("==") for line in lines)
    assert len(pinned) == len(lines)
    assert {name: parts(version) for name, version in pinned.items()} == lower_bounds()


def test_the_oldest_python_is_the_first_named() -> None:
    assert PROJECT["requires-python"] == f">={supported_pythons()[0]}"
    minors = [int(version.partition(".")[2]) for version in supported_pythons()]
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_what_is_slow_is_there() -> None:
    assert [place for place in SLOW if not (ROOT / "tests" / place).exists()] == []


def test_the_tools_of_the_fast_tests_are_those_of_developers() -> None:
    assert {name_of(tool) for tool in requirements()} == {*lower_bounds(), *TOOLS}
