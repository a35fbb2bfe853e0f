"""Numbers as text from outside: plain decimal digits, of at most 64 bits, finite. Python's own readers take more."""

from __future__ import annotations

import math
import re

_WHOLE = re.compile("[-+]?(0|[1-9][0-9]{0,18})")
_COUNT = re.compile("0|[1-9][0-9]{0,18}")
_REAL = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def read_whole(text: str) -> int | None:
    """A whole number; None where it is something else."""
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def read_count(text: str) -> int | None:
    """A whole number that is not below 0, without a sign; None where it is something else."""
    return read_whole(text) if _COUNT.fullmatch(text) else None


def read_real(text: str) -> float | None:
    """A finite number, with or without an exponent; None where it is something else."""
    number = float(text) + 0.0 if _REAL.fullmatch(text) else math.inf  # -0 is 0
    return number if math.isfinite(number) else None


def read_share(text: str) -> float | None:
    """A share of 1, or per cent with their sign: 0.75 and 75% are the same; None where it is no number."""
    digits = text.strip().removesuffix("%")
    number = read_real(digits.strip())
    return number if number is None or digits == text.strip() else number / 100


def whole_number(text: str) -> int:
    """`read_whole`; raises ValueError."""
    number = read_whole(text.strip())
    if number is None:
        raise ValueError(text)
    return number


def real_number(text: str) -> float:
    """`read_real`; raises ValueError."""
    number = read_real(text.strip())
    if number is None:
        raise ValueError(text)
    return number


whole_number.__name__ = "whole number"  # argparse shows it: "invalid whole number value"
real_number.__name__ = "number"
