"""Tables of the shell at every width: names stay, numbers are whole or gone, and a line says which are gone."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, split_graphemes
from rich.console import Console

from ubp_core.cli import output
from ubp_core.cli.main import main
from ubp_core.cli.tables import Column, Table, fit, numbers
from ubp_core.errors import UsageError

WIDTHS = (60, 72, 80, 100, 120)
CELLS = st.text(st.characters(codec="utf-8"), max_size=60)


def draw(table: Table, width: int) -> list[str]:
    """The lines of a table in a terminal of this width."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    console.print(table)
    return stream.getvalue().splitlines()


def layers_table() -> Table:
    table = Table(
        [Column("layer", "name"), Column("kind", yields=3), *numbers("shape", "parameters"), *numbers("share")]
    )
    for number in range(30):
        table.add_row(f"layer{number}.block.{number}.conv", "conv", "512x512x3x3", f"{10**number:,}"[:9], "12.34 %")
    table.footer = ("30 layers", "", "", "123,456,789", "")
    return table


@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_is_one_line_with_its_name(width: int) -> None:
    lines = draw(layers_table(), width)
    assert all(cell_len(line) <= width for line in lines)
    rows = [line for line in lines if ".conv" in line]
    assert len(rows) == 30, "names are there, each in a line of its own"
    for number, row in enumerate(rows):
        assert row.split()[0].endswith("conv") and f"{number}" in row.split()[0]
        assert "…" not in row.split(None, 1)[1], "numbers are never cut"


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=5),
    st.lists(st.sampled_from(["name", "left", "right", "text"]), min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.integers(40, 200),
)
def test_what_fits_is_kept_and_the_rest_is_named(
    rows: list[tuple[str, ...]], kinds: list, yields: list[int], width: int
) -> None:
    table = Table([Column(f"title {place}", kinds[place], yields[place]) for place in range(4)])
    for row in rows:
        table.add_row(*row)
    fitted, hidden = fit(table, width)
    shown = [column.title for column in fitted.columns]
    assert sorted([*shown, *hidden]) == [f"title {place}" for place in range(4)] and shown
    gone = [column for column in table.columns if column.title in hidden]
    kept = [column for column in table.columns if column.title in shown]
    first = next((column for column in kept if column.kind == "name"), kept[0])
    assert all(one.yields >= other.yields for one in gone for other in kept if other is not first)
    if len(shown) > 1:
        for place, column in enumerate(fitted.columns):
            if column.kind == "name":
                assert all(cell_len(row[place]) <= width for row in fitted.rows)


def test_no_sign_of_a_name_is_torn_apart() -> None:
    table = Table([Column("name", "name"), *numbers("a", "b")])
    table.add_row("\u2764\ufe0f" * 9 + "e\u0301" * 30 + "\U0001f44d\U0001f3fd" * 9, "1" * 12, "2" * 12)
    (row,) = fit(table, 60)[0].rows
    start, end = row[0].split("…")
    for part in (start, end):
        signs = [part[begin:stop] for begin, stop, _ in split_graphemes(part)[0]]
        assert len(signs) > 5 and {*signs} <= {"\u2764\ufe0f", "e\u0301", "\U0001f44d\U0001f3fd"}


def test_the_order_of_giving_way() -> None:
    table = Table([Column("name", "name"), *numbers("a", yields=1), *numbers("b", yields=2), *numbers("c", "d")])
    table.add_row("x" * 40, *["1" * 12] * 4)
    assert [fit(table, width)[1] for width in (120, 72, 60, 46, 30)] == [
        (), ("b",), ("a", "b"), ("a", "b", "d"), ("a", "b", "c", "d")
    ]  # fmt: skip
    assert "not shown for want of width: a, b (--columns chooses)" in draw(table, 60)[-1]


def test_forms(capsys: pytest.CaptureFixture[str]) -> None:
    model = ["mobilenet_v1", "--weights", "random", "--width", "0.25"]
    assert main(["layers", *model, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [*rows[0]] == ["layer", "kind", "shape", "parameters", "share", "output", "multiply-adds", "pruning"]
    assert rows[1]["layer"] == "blocks.0.depthwise"
    assert main(["layers", *model, "--columns", "parameters,layer", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["|", "216", "|", "stem.conv", "|"] for line in lines)
    assert not any("multiply-adds" in line for line in lines)
    assert main(["layers", *model, "--columns", "layer,size"]) == 2
    assert "--columns size: there is no such column; there are: layer, kind" in capsys.readouterr().err
    assert main(["layers", *model, "--columns", "layer", "--json"]) == 2
    assert "JSON has all figures" in capsys.readouterr().err


def test_quiet_leaves_notes_out(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["select", "mobilenet_v1", "--weights", "random", "--width", "0.25", "--layer", "stem.conv"]
    assert main(arguments) == 0 and "note:" in capsys.readouterr().err
    assert main([*arguments, "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "" and "retained importance" in captured.out


def test_columns_are_checked_anew_for_each_command() -> None:
    output.use_form(output.Form(columns=("x",)))
    with pytest.raises(UsageError, match="no table here"):
        output.check_columns()
    output.use_form(output.Form())
    output.check_columns()
