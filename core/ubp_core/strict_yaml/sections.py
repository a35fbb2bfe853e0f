"""Frozen dataclasses from mappings, by the types of their fields. What values mean is checked by each `__post_init__`.

Types: int, float, str, bool; tuples of them, for which a single value may stand; dictionaries by name; other
dataclasses; and each of these or None.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from ubp_core.errors import UbpError
from ubp_core.strict_yaml.fields import Field, flag, plain_number, read_mapping, text

T = TypeVar("T")


def read_section(field: Field, section: type[T]) -> T:
    """A dataclass from a mapping; fields without a default must be there.

    Args:
        field: the mapping.
        section: a frozen dataclass; nested ones are sections of their own.
    """
    known = fields(section)  # type: ignore[arg-type]
    hints = get_type_hints(section)
    values = read_mapping(
        field,
        {each.name: partial(read_value, hint=hints[each.name]) for each in known},
        [each.name for each in known if each.default is MISSING and each.default_factory is MISSING],
    )
    try:
        return section(**values)
    except (UbpError, ValueError) as error:
        name, _, need = str(error).partition(": ")
        given = {key: value for key, (_, value) in field.items().items()}
        if name in given:
            given[name].fail(need)
        field.fail(str(error))


def read_value(field: Field, hint: Any) -> Any:
    """A value of the type that the dataclass says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _read_one_of(field, arguments)
    if is_dataclass(hint):
        return read_section(field, hint)  # type: ignore[arg-type]
    if origin is tuple:
        return _read_tuple(field, arguments)
    if origin is dict:
        return {name: read_value(value, arguments[1]) for name, (_, value) in field.items().items()}
    return _PLAIN[hint](field)


def _read_one_of(field: Field, choices: tuple[Any, ...]) -> Any:
    """None, a section where a mapping stands there, or a value."""
    if type(None) in choices and isinstance(field.node, yaml.ScalarNode) and field.scalar() is None:
        return None
    rest = [choice for choice in choices if choice is not type(None)]
    mapping = isinstance(field.node, yaml.MappingNode)
    return read_value(field, next((choice for choice in rest if is_dataclass(choice) == mapping), rest[0]))


def _read_tuple(field: Field, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """So many values as the type has, or any number."""
    several = isinstance(field.node, yaml.SequenceNode)
    items = [field.child(node, f"[{i}]") for i, node in enumerate(field.node.value)] if several else [field]
    if arguments[-1] is Ellipsis:
        return tuple(read_value(item, arguments[0]) for item in items)
    if len(items) != len(arguments):
        field.fail(f"need {len(arguments)} values")
    return tuple(read_value(item, hint) for item, hint in zip(items, arguments, strict=True))


def _read_whole(field: Field) -> int:
    """Any whole number."""
    value = field.scalar()
    if isinstance(value, bool) or not isinstance(value, int):
        field.fail(f"need a whole number; got {field.node.value!r}")
    return value


def _read_number(field: Field) -> float:
    """Any number."""
    value = plain_number(field)
    if value is None:
        field.fail(f"need a number; got {field.node.value!r}")
    return value


_PLAIN: dict[Any, Any] = {int: _read_whole, float: _read_number, str: text, bool: flag}
