"""What a benchmark's figures are, in words: latency of a phone, times of this machine, or counts of an emulator."""

from __future__ import annotations

from typing import Final

FIGURE_TITLES: Final = {
    "latency": "latency on a phone",
    "host time": "host time of this machine, no phone's: only ratios count",
    "instructions": "emulated: instructions are counted, nothing is timed",
    "not timed": "emulated: outputs are checked, nothing is timed",
}
"""Where figures come from, for titles."""
FIGURE_WORDS: Final = {
    "latency": "latency",
    "host time": "host time",
    "instructions": "emulated",
    "not timed": "emulated",
}
"""The same in a word, for every row."""
