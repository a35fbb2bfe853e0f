"""What stands behind an option: text from a command line as a value. Computes nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from ubp_core.budgets import no_kernel
from ubp_core.numerals import read_share, whole_number
from ubp_core.vocabulary import BLOCK_COLUMNS, MAX_BLOCK_SIZE, MAX_THREADS, METHODS

T = TypeVar("T")


def block_size(text: str) -> int:
    """N, 1 to MAX_BLOCK_SIZE."""
    value = whole_number(text)
    if not 1 <= value <= MAX_BLOCK_SIZE:
        raise argparse.ArgumentTypeError(f"need 1 to {MAX_BLOCK_SIZE}, got {text}")
    return value


def packed_block_size(text: str) -> int:
    """N that kernels have."""
    value = whole_number(text)
    if reason := no_kernel(value):
        raise argparse.ArgumentTypeError(reason)
    return value


def block_columns(text: str) -> int:
    """Columns of a block, one of BLOCK_COLUMNS."""
    value = whole_number(text)
    if value not in BLOCK_COLUMNS:
        raise argparse.ArgumentTypeError(f"need {' or '.join(map(str, BLOCK_COLUMNS))}, got {text}")
    return value


def sparsity(text: str) -> float:
    """s, 0 <= s < 1; or per cent."""
    value = _read_share(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"need 0 <= s < 1, got {text}{_hint(text, value)}")
    return value


def share(text: str) -> float:
    """A share of a layer's weights, 0 to 1; or per cent."""
    value = _read_share(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"need 0 to 1, got {text}{_hint(text, value)}")
    return value


def _read_share(text: str) -> float:
    value = read_share(text)
    if value is None:
        raise argparse.ArgumentTypeError(f"need a share such as 0.75 or 75%, got {text!r}")
    return value


def _hint(text: str, value: float) -> str:
    """Who writes 75 means per cent."""
    return f"; did you mean {value / 100:g}?" if 1 < value < 100 and "%" not in text else ""


def method(text: str) -> str:
    """A method's name."""
    if text not in METHODS:
        raise argparse.ArgumentTypeError(f"{text!r} is unknown, choose from {', '.join(METHODS)}")
    return text


def thread_count(text: str) -> int:
    """1 to MAX_THREADS."""
    value = whole_number(text)
    if not 1 <= value <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"need 1 to {MAX_THREADS}, got {text}")
    return value


def list_of(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """A parser of values joined by commas; repeated ones count once."""

    def parse_list(text: str) -> tuple[T, ...]:
        return tuple(dict.fromkeys(parse(part.strip()) for part in text.split(",")))

    parse_list.__name__ = f"list of {parse.__name__}"  # argparse shows it: "invalid list of sparsity value"
    return parse_list


thread_count.__name__ = "thread count"
block_columns.__name__ = "number of columns"
block_size.__name__ = packed_block_size.__name__ = "block size"
