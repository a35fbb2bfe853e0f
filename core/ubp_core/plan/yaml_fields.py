"""Strict reading of YAML: mappings with known fields, values of known kinds, every error with line and field.

Works on the node tree of the safe loader, so nothing in a file can build anything but plain values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ubp_core.errors import PlanError

MAX_BYTES = 4 << 20

Reader = Callable[["Field"], Any]


class Field:
    """A node, where it stands, and what to call it."""

    def __init__(self, path: Path, node: yaml.Node, name: str) -> None:
        """Args: the file, the node, the field's dotted name (empty for the whole file)."""
        self.path, self.node, self.name = path, node, name

    def fail(self, text: str) -> NoReturn:
        """Raises PlanError: file, line, field, what is wrong."""
        label = f"{self.name}: " if self.name else ""
        raise PlanError(f"{self.path}:{self.node.start_mark.line + 1}: {label}{text}")

    def items(self) -> dict[str, tuple[Field, Field]]:
        """A mapping's keys and values by key; repeated and odd keys are refused."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail("need a mapping, `field: value` lines")
        found: dict[str, tuple[Field, Field]] = {}
        for key_node, value_node in self.node.value:
            key = Field(self.path, key_node, self.name)
            if not isinstance(key_node, yaml.ScalarNode):
                key.fail("a field's name must be plain text")
            name = key_node.value
            if name in found:
                key.fail(f"{name!r} stands there twice")
            found[name] = (key, Field(self.path, value_node, f"{self.name}.{name}" if self.name else name))
        return found

    def scalar(self) -> Any:
        """None, bool, int, float or str; anything else is refused."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.fail("need a single value")
        kind = self.node.tag.removeprefix("tag:yaml.org,2002:")
        if kind not in ("null", "bool", "int", "float", "str"):
            return str(self.node.value)  # a date, say: plain text to us
        try:
            return yaml.SafeLoader("").construct_object(self.node)
        except (ValueError, OverflowError, yaml.YAMLError):
            self.fail(f"{self.node.value!r} can't be read")


def read_document(path: Path) -> Field:
    """The root of a file.

    Raises:
        PlanError: no file, no UTF-8, no YAML, or too large.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlanError(f"{path}: is larger than {MAX_BYTES >> 20} MB")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError(f"{path}: can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{path}: is not UTF-8 text") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PlanError(f"{path}{_line_of(error)}: not YAML: {_first_line(error)}") from None
    except RecursionError:
        raise PlanError(f"{path}: is nested too deeply") from None
    if node is None:
        raise PlanError(f"{path}: is empty")
    return Field(path, node, "")


def read_mapping(field: Field, readers: Mapping[str, Reader], required: Sequence[str] = ()) -> dict[str, Any]:
    """The values of a mapping's fields; unknown fields and missing required ones are refused."""
    values = {}
    items = field.items()
    for name, (key, value) in items.items():
        if name not in readers:
            key.fail(f"{name!r} is unknown; fields are {', '.join(readers)}")
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
    return tuple(text(Field(field.path, node, field.name)) for node in field.node.value)


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


def whole(least: int, most: int) -> Callable[[Field], int]:
    """A reader of a whole number in a range."""

    def read(field: Field) -> int:
        value = field.scalar()
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            field.fail(f"need a whole number from {least} to {most}; got {field.node.value!r}")
        return value

    return read


def number(least: float, most: float, below: bool = False) -> Reader:
    """A reader of a number in a range; `below`: less than `most`."""

    def read(field: Field) -> float:
        value = field.scalar()
        if isinstance(value, str):  # YAML 1.1 takes 1e-3 for text
            try:
                value = float(value)
            except ValueError:
                value = None
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not least <= value <= most or (below and value == most):
            field.fail(f"need {least:g} {'<= x <' if below else 'to'} {most:g}; got {field.node.value!r}")
        return float(value)

    return read


def _line_of(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""


def _first_line(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0])
