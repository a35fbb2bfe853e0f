"""Shortened texts fit, keep both ends, and have whole signs only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, split_graphemes

from ubp_core.cells import first_cells, last_cells, shorten_middle
from ubp_core.printable import printable

SIGNS = ("a", "b", " ", ".", "e\u0301", "\u4e2d", "\U0001f44d\U0001f3fd", "\u2764\ufe0f")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60) | st.lists(st.sampled_from(SIGNS), max_size=40).map("".join)


def borders(text: str) -> set[int]:
    """Where one sign ends and another begins."""
    return {0, len(text), *(stop for _, stop, _ in split_graphemes(text)[0])}


@given(TEXTS, st.integers(-1, 60))
def test_a_shortened_text_fits_and_has_both_ends(text: str, width: int) -> None:
    plain, short = printable(text), shorten_middle(text, width)
    assert cell_len(short) <= max(width, 0)
    if cell_len(plain) <= width:
        assert short == plain
    elif width > 0:
        assert any(
            plain.startswith(short[:place]) and plain.endswith(short[place + 1 :])
            for place, sign in enumerate(short)
            if sign == "…"
        )


@given(TEXTS, st.integers(-1, 60))
def test_no_sign_is_torn_apart(text: str, width: int) -> None:
    plain = printable(text)
    head, tail = first_cells(plain, width), last_cells(plain, width)
    assert plain.startswith(head) and plain.endswith(tail) and max(map(cell_len, (head, tail))) <= max(width, 0)
    assert {len(head), len(plain) - len(tail)} <= borders(plain)


def test_examples() -> None:
    assert shorten_middle("features.denseblock4.conv", 12) == "featur….conv"
    assert shorten_middle("\u4e2d" * 9, 8) == "\u4e2d\u4e2d…\u4e2d"
    assert shorten_middle("e\u0301" * 9, 5) == "e\u0301" * 2 + "…" + "e\u0301" * 2
