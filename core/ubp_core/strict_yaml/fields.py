"""Mappings with known fields, values of known kinds, every error with file, line and field.

Works on the node tree of the safe loader, so nothing in a file can build anything but plain values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ubp_core.errors import PlanError, UbpError
from ubp_core.numerals import read_real, read_whole

MAX_BYTES = 4 << 20

TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Reader = Callable[["Field"], Any]


class Field:
    """A node, where it stands, and what to call it."""

    def __init__(self, path: Path, node: yaml.Node, name: str, error: type[UbpError]) -> None:
        """Args: the file, the node, the field's dotted name (empty for the whole file), what `fail` raises."""
        self.path, self.node, self.name, self.error = path, node, name, error

    def child(self, node: yaml.Node, suffix: str) -> Field:
        """A node inside of this one; its name is this one's with a suffix."""
        return Field(self.path, node, f"{self.name}{suffix}" if self.name else suffix.removeprefix("."), self.error)

    def fail(self, text: str) -> NoReturn:
        """Raises the error of this kind of file: file, line, field, what is wrong."""
        label = f"{self.name}: " if self.name else ""
        raise self.error(f"{self.path}:{self.node.start_mark.line + 1}: {label}{text}")

    def items(self) -> dict[str, tuple[Field, Field]]:
        """A mapping's keys and values by key; repeated and odd keys are refused."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail("need a mapping, `field: value` lines")
        found: dict[str, tuple[Field, Field]] = {}
        for key_node, value_node in self.node.value:
            key = self.child(key_node, "")
            if not isinstance(key_node, yaml.ScalarNode):
                key.fail("a field's name must be plain text")
            name = key_node.value
            if name in found:
                key.fail(f"{name!r} stands there twice")
            found[name] = (key, self.child(value_node, f".{name}"))
        return found

    def scalar(self) -> Any:
        """None, bool, int, float or str; anything that is no single value is refused.

        Numbers are decimal. What YAML 1.1 reads as a number besides (010 as octal, 1:30 as 90, 0x10, 1_000, .inf) is
        text, as a date is: readers of numbers refuse it, and none gets a number that a person would not read there.
        """
        if not isinstance(self.node, yaml.ScalarNode):
            self.fail("need a single value")
        kind, value = self.node.tag.removeprefix("tag:yaml.org,2002:"), str(self.node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return self._truth(value)
        number = read_whole(value) if kind == "int" else read_real(value) if kind == "float" else None
        return value if number is None else number

    def _truth(self, value: str) -> bool:
        if value.lower() not in TRUTHS:
            self.fail(f"need true or false; got {value!r}")
        return TRUTHS[value.lower()]


def read_document(path: Path, error: type[UbpError] = PlanError) -> Field:
    """The root of a file.

    Args:
        path: of the file.
        error: what is raised where it can't be used, here and by its fields.

    Raises:
        UbpError: of that kind: no file, no UTF-8, no YAML, or too large.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)  # a device or a pipe tells no size, and may have no end
        if len(content) > MAX_BYTES:
            raise error(f"{path}: is larger than {MAX_BYTES >> 20} MB")
        text = content.decode()
    except OSError as cause:
        raise error(f"{path}: can't be read: {cause.strerror or cause}") from cause
    except UnicodeDecodeError as cause:
        raise error(f"{path}: is not UTF-8 text") from cause
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as cause:
        raise error(f"{path}{_line_of(cause)}: not YAML: {_first_line(cause)}") from None
    except RecursionError:
        raise error(f"{path}: is nested too deeply") from None
    if node is None:
        raise error(f"{path}: is empty")
    return Field(path, node, "", error)


def read_mapping(field: Field, readers: Mapping[str, Reader], required: Sequence[str] = ()) -> dict[str, Any]:
    """The values of a mapping's fields; unknown fields and missing required ones are refused."""
    values = {}
    items = field.items()
    for name, (key, value) in items.items():
        if name not in readers:
            close = get_close_matches(name, readers, n=1)
            key.fail(
                f"{name!r} is unknown; {f'did you mean {close[0]}? ' if close else ''}fields are {', '.join(readers)}"
            )
        values[name] = readers[name](value)
    for name in required:
        if name not in items:
            field.fail(f"{name} is missing")
    return values


def text(field: Field) -> str:
    """Text; a number or a date stands for itself as written."""
    if not isinstance(field.node, yaml.ScalarNode) or field.node.tag.endswith(":null"):
        field.fail("need text")
    return str(field.node.value)


def texts(field: Field) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(field.node, yaml.SequenceNode):
        field.fail("need a list, [a, b]")
    return tuple(text(field.child(node, "")) for node in field.node.value)


def flag(field: Field) -> bool:
    """true or false."""
    value = field.scalar()
    if not isinstance(value, bool):
        field.fail(f"need true or false; got {field.node.value!r}")
    return value


def one_of(words: Sequence[str]) -> Reader:
    """A reader of one of some words."""

    def read(field: Field) -> str:
        value = text(field)
        if value not in words:
            field.fail(f"{value!r} is unknown; choose from {', '.join(words)}")
        return value

    return read


def one_of_numbers(numbers: Sequence[int]) -> Reader:
    """A reader of one of some whole numbers."""

    def read(field: Field) -> int:
        value = field.scalar()
        if isinstance(value, bool) or not isinstance(value, int) or value not in numbers:
            field.fail(f"need {' or '.join(map(str, numbers))}; got {field.node.value!r}")
        return value

    return read


def whole(least: int, most: int) -> Callable[[Field], int]:
    """A reader of a whole number in a range."""

    def read(field: Field) -> int:
        value = field.scalar()
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            field.fail(f"need a whole number from {least} to {most}; got {field.node.value!r}")
        return value

    return read


def plain_number(field: Field) -> float | None:
    """A number, also one that YAML 1.1 takes for text, such as 1e-3; None where it is something else."""
    value = field.scalar()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return read_real(value) if isinstance(value, str) else float(value) + 0.0  # -0 is 0


def number(least: float, most: float, below: bool = False) -> Reader:
    """A reader of a number in a range; `below`: less than `most`."""

    def read(field: Field) -> float:
        value = plain_number(field)
        good = value is not None and math.isfinite(value) and least <= value <= most
        if value is None or not good or (below and value == most):
            field.fail(f"need {least:g} {'<= x <' if below else 'to'} {most:g}; got {field.node.value!r}")
        return value

    return read


def _line_of(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""


def _first_line(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0])
