"""Strict reading of YAML into frozen dataclasses: unknown and repeated keys, wrong types, missing values are refused.

Owns types and keys. What values mean is checked by each dataclass's own `__post_init__`.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from ubp_core.errors import ConfigError

T = TypeVar("T")

_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, where YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float | bool) and key in seen:
                raise ConfigError(f"line {key_node.start_mark.line + 1}: {key} stands there twice")
            seen.add(key if isinstance(key, str | int | float | bool) else None)
        return super().construct_mapping(node, deep)


def read_yaml(file: Path, section: type[T]) -> T:
    """Read a file into a dataclass.

    Raises:
        ConfigError: one line with the file and the key.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: can't be read: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: {_describe(error)}") from error
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    try:
        return read_section(content, section, "")
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def read_section(content: Any, section: type[T], path: str) -> T:
    """A dataclass from a mapping.

    Args:
        content: as YAML gave it.
        section: a frozen dataclass; nested ones are sections of their own.
        path: key in front of the section's own, "" at the top.
    """
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path or 'top'}: need keys with values; got {_show(content)}")
    known = {f.name: f for f in fields(section)}  # type: ignore[arg-type]
    for key in content:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            raise ConfigError(f"{_join(path, key)}: unknown key; {hint}")
    hints = get_type_hints(section)
    values = {
        name: _convert(content[name], hints[name], _join(path, name))
        for name, field in known.items()
        if name in content or _must_have(field, path)
    }
    try:
        return section(**values)
    except ConfigError as error:
        raise ConfigError(_join(path, str(error))) from None
    except ValueError as error:  # of a class that is not only a section
        raise ConfigError(f"{path}: {error}") from None


def _must_have(field: Field[Any], path: str) -> bool:
    if field.default is MISSING and field.default_factory is MISSING:
        raise ConfigError(f"{_join(path, field.name)}: is missing")
    return False


def _convert(value: Any, hint: Any, path: str) -> Any:
    """A value of the type that the dataclass says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        choices = [argument for argument in arguments if argument is not type(None)]
        section = next((choice for choice in choices if is_dataclass(choice)), None)
        use_section = section is not None and (isinstance(value, Mapping) or len(choices) == 1)
        return _convert(value, section if use_section else next(c for c in choices if not is_dataclass(c)), path)
    if is_dataclass(hint):
        return read_section(value, hint, path)  # type: ignore[arg-type]
    if origin is tuple:
        items = value if isinstance(value, list) else [value]
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_convert(item, arguments[0], f"{path}[{i}]") for i, item in enumerate(items))
        if len(items) != len(arguments):
            raise ConfigError(f"{path}: need {len(arguments)} values; got {_show(value)}")
        return tuple(_convert(item, arguments[i], f"{path}[{i}]") for i, item in enumerate(items))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path}: need keys with values; got {_show(value)}")
        return {str(key): _convert(item, arguments[1], _join(path, key)) for key, item in value.items()}
    return _convert_plain(value, hint, path)


def _convert_plain(value: Any, hint: type, path: str) -> Any:
    if hint is float and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return float(value)  # YAML 1.1 takes 1e-3 for text
        except ValueError:
            pass
    if type(value) is hint:
        return value
    raise ConfigError(f"{path}: need {_WORDS.get(hint, hint.__name__)}; got {_show(value)}")


def _describe(error: yaml.YAMLError) -> str:
    """What YAML says, in one line."""
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{getattr(error, 'problem', None) or str(error).splitlines()[0]}"


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _show(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
