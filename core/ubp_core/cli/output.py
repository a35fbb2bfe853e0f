"""How subcommands speak: tables and JSON on stdout, narration on stderr. Must not compute what it shows."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ubp_core.printable import printable, printable_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ubp_core.models import Layer, LoadedModel

FILE_WIDTH = 240
"""Columns when stdout is no terminal: tables take what they need and are not cut."""


def open_console() -> Console:
    """A rich console on stdout that shows every text as `printable_lines` and lets a closed pipe reach `main`."""
    from rich.console import Console
    from rich.text import Text

    class PipeAwareConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(printable_lines(text), **options)

    terminal = sys.stdout.isatty()
    return PipeAwareConsole(highlight=False, markup=False, emoji=False, width=None if terminal else FILE_WIDTH)


def new_table(headers: Sequence[tuple[str, str]], markdown: bool = False, footer: bool = False) -> Table:
    """An empty table.

    Args:
        headers: text and alignment ("left" or "right") of each column.
        markdown: draw it as a Markdown table.
        footer: keep room for a last line of totals, to be set as `column.footer`.
    """
    from rich import box
    from rich.table import Table

    class PrintableTable(Table):
        def add_row(self, *cells: Any, **options: Any) -> None:
            super().add_row(*(printable(cell) if isinstance(cell, str) else cell for cell in cells), **options)

    table = PrintableTable(box=box.MARKDOWN if markdown else box.SIMPLE_HEAD, show_footer=footer, pad_edge=markdown)
    for text, justify in headers:
        table.add_column(text, justify="right" if justify == "right" else "left", no_wrap=justify == "right")
    return table


def print_json(content: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    json.dump(content, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


@contextmanager
def narrate(first: str) -> Iterator[Callable[[str], None]]:
    """Show on stderr what is being done, while it lasts; silent where stderr is no terminal.

    Args:
        first: the first line.

    Yields:
        A function that changes the line.
    """
    if not sys.stderr.isatty():
        yield lambda line: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(first)) as status:
        yield lambda line: status.update(escape(line))


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, gone when done; silent where stderr is no terminal.

    Yields:
        A function that advances it by one step.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda: progress.advance(task)


def note(line: str) -> None:
    """A remark for people, on stderr."""
    print(f"ubp: note: {printable(line)}", file=sys.stderr)


def say(line: str) -> None:
    """One line on stdout."""
    print(printable(line))


def print_text(text: str) -> None:
    """A text of several lines on stdout, as it is."""
    sys.stdout.write(printable_lines(text))


def heading(model: LoadedModel) -> str:
    """The line above every table: the model and where its weights come from (random ones say so there)."""
    size = "" if model.input_size is None else f", images {model.input_size}x{model.input_size}"
    return f"{model.name}: {model.source}{size}"


def model_record(model: LoadedModel) -> dict[str, Any]:
    """The model in JSON output."""
    return {
        "name": model.name,
        "source": model.source,
        "random_weights": model.random_weights,
        "input_size": model.input_size,
    }


def layer_record(layer: Layer) -> dict[str, Any]:
    """A layer in JSON output."""
    return {
        "name": layer.name,
        "kind": layer.kind,
        "shape": list(layer.shape),
        "rows": layer.rows,
        "columns": layer.columns,
        "parameters": layer.parameters,
        "multiply_adds": layer.multiply_adds,
        "output_hw": None if layer.output_hw is None else list(layer.output_hw),
        "groups": layer.groups,
        "stride": list(layer.stride),
        "padding": list(layer.padding),
        "dilation": list(layer.dilation),
        "prunable": layer.prunable,
        "skip_reason": layer.skip_reason,
    }


def percent(share: float | None, digits: int = 2) -> str:
    """A share of 1 as per cent; a dash where there is none."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def count(number: int | None) -> str:
    """A number with thousands separated; a dash where it isn't known."""
    return "-" if number is None else f"{number:,}"


def size(shape: Sequence[int]) -> str:
    """A shape such as 64x32x3x3."""
    return "x".join(map(str, shape))


def bar(share: float, width: int = 40) -> str:
    """A horizontal bar for a share of 1, at least one cell for what isn't zero."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    cells = max(round(share * width), 1) if share > 0 else 0
    return ("█" if utf8 else "#") * cells
