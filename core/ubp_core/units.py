"""How figures are written, for the shell and the app alike. A dash stands where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence

NONE = "-"


def format_grouped(number: int | None) -> str:
    """A whole number with thousands separated: 1,280,000."""
    return NONE if number is None else f"{number:,}"


def format_count(count: int) -> str:
    """A number of parameters in at most five characters: 864, 9.41k, 1.28M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            value = count / limit
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f}{unit}"
    return str(count)


def format_bytes(count: int) -> str:
    """A number of bytes in at most seven characters: 864 B, 9.41 kB, 1.28 MB."""
    text = format_count(count)
    return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"


def format_share(share: float | None, digits: int = 2) -> str:
    """A share of 1 as per cent: 43.09 %."""
    return NONE if share is None or math.isnan(share) else f"{100 * share:.{digits}f} %"


def format_percent(share: float, digits: int = 1) -> str:
    """A share of 1 as per cent without the sign, for columns whose title has it."""
    return format_share(share, digits).removesuffix(" %")


def format_size(shape: Sequence[int]) -> str:
    """A shape: 64x32x3x3."""
    return "x".join(map(str, shape))


def format_block(block_size: int, block_columns: int = 1) -> str:
    """The rows of a block, and its columns where it has several: 4, or 4x4."""
    return str(block_size) if block_columns == 1 else f"{block_size}x{block_columns}"


def format_time(time_ns: float | None) -> str:
    """A time of one run in at most nine characters: 277.1 µs; one more below 0."""
    if time_ns is None:
        return NONE
    if time_ns < 0:
        return f"-{format_time(-time_ns)}"
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if time_ns >= limit:
            return f"{time_ns / limit:.4g} {unit}"
    return f"{time_ns:.0f} ns"


def format_seconds(seconds: float) -> str:
    """A duration with three digits at most."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms" if seconds < 0.01 else f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s"


def format_instructions(count: int | None) -> str:
    """A number of executed instructions in at most nine characters: 1.234M ins."""
    if count is None:
        return NONE
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.4g}{unit} ins"
    return f"{count} ins"


def format_ratio(ratio: float | None, unsure: bool = False) -> str:
    """How many times faster: 3.59x, with a question mark where that is not sure."""
    return NONE if ratio is None else f"{ratio:.2f}x{'?' if unsure else ''}"


def format_names(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are: conv1 +3."""
    return f"{names[0]} +{len(names) - 1}" if len(names) > 1 else "".join(names)


def format_numbers(values: Sequence[float]) -> str:
    """Few numbers one by one, many as the smallest and the largest: 2,4,8 or 2..16."""
    return format_few([f"{value:g}" for value in values])


def format_few(shown: Sequence[str]) -> str:
    """Few texts one by one, many as the first and the last: 4,4x4."""
    return ",".join(shown) if len(shown) <= 3 else f"{shown[0]}..{shown[-1]}"
