"""Values as YAML text, for files that people read: one line each, quoted where they must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml


def format_value(value: Any, flow: bool = False) -> str:
    """A scalar as YAML on one line; `flow`: inside of braces or brackets."""
    options: dict[str, Any] = {"default_flow_style": True, "width": 1 << 30, "allow_unicode": True}
    if isinstance(value, str) and not value.isprintable():
        return str(yaml.safe_dump(value, default_style='"', **options)).removesuffix("\n")
    if flow and isinstance(value, str):
        return str(yaml.safe_dump([value], **options)).strip()[1:-1]
    return str(yaml.safe_dump(value, **options)).removesuffix("\n").removesuffix("\n...")


def format_mapping(values: Mapping[str, Any]) -> str:
    """A mapping of scalars on one line."""
    return "{" + ", ".join(f"{name}: {format_value(value, flow=True)}" for name, value in values.items()) + "}"


def format_list(values: Sequence[str]) -> str:
    """A list of texts on one line."""
    return "[" + ", ".join(format_value(value, flow=True) for value in values) + "]"
