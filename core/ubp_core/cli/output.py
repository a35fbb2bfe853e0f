"""How subcommands speak: tables and JSON on stdout, narration on stderr. Must not compute what it shows."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ubp_core.cli.tables import FULL_WIDTH, Table
from ubp_core.errors import UsageError
from ubp_core.printable import printable, printable_lines

if TYPE_CHECKING:
    from rich.console import Console

    from ubp_core.models import Layer, LoadedModel


@dataclass(frozen=True)
class Form:
    """How a command prints, as its options say."""

    csv: bool = False
    """Tables as CSV, and nothing else on stdout."""
    markdown: bool = False
    columns: tuple[str, ...] = ()
    """Titles of the columns to show, in this order; () for all."""
    quiet: bool = False
    """No notes and no progress."""


_form = Form()
_titles: list[str] = []
"""Of all columns that tables had so far."""


def use_form(form: Form) -> None:
    """Print this way from now on."""
    global _form
    _form = form
    _titles.clear()


def check_columns() -> None:
    """Refuses a column that no table had.

    Raises:
        UsageError: there was none of this title.
    """
    for title in _form.columns:
        if title not in _titles:
            there = ", ".join(dict.fromkeys(_titles)) or "no table here"
            raise UsageError(f"--columns {title}: there is no such column; there are: {there}")


def open_console() -> Console:
    """A console on stdout: it shows every text as `printable_lines`, tables as the form says, and lets a closed pipe
    reach `main`."""
    from rich.console import Console
    from rich.text import Text

    class FormConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(printable_lines(text), **options)

        def print(self, *objects: Any, **options: Any) -> None:
            for shown in objects:
                if isinstance(shown, Table):
                    _print_table(super().print, shown)
                elif not _form.csv:
                    super().print(shown, **options)
            if not objects and not _form.csv:
                super().print()

    terminal = sys.stdout.isatty()
    return FormConsole(highlight=False, markup=False, emoji=False, width=None if terminal else FULL_WIDTH)


def _print_table(show: Callable[[Table], None], table: Table) -> None:
    """One table, as the form says; nothing where it has none of the chosen columns."""
    _titles.extend(column.title for column in table.columns)
    if _form.columns:
        table = table.picked(_form.columns)
    if not table.columns:
        return
    if _form.csv:
        sys.stdout.write(table.to_csv())
    else:
        show(replace(table, markdown=_form.markdown))


def print_json(content: dict[str, Any] | list[Any]) -> None:
    """One JSON value on stdout."""
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
    if _form.quiet or not sys.stderr.isatty():
        yield lambda line: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(printable(first))) as status:
        yield lambda line: status.update(Text(printable(line)))


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, gone when done; silent where stderr is no terminal.

    Yields:
        A function that advances it by one step.
    """
    if _form.quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda: progress.advance(task)


def is_quiet() -> bool:
    """Whether notes and progress are unwanted."""
    return _form.quiet


def note(line: str) -> None:
    """A remark for people, on stderr."""
    if _form.quiet:
        return
    print(f"ubp: note: {printable(line)}", file=sys.stderr)


def tell_notes(model: LoadedModel) -> None:
    """What a model's file holds beside its layers, or how they were guessed: remarks on stderr."""
    for line in model.notes:
        note(line)


def say(line: str) -> None:
    """One line on stdout."""
    print(printable(line))


def print_text(text: str) -> None:
    """A text of several lines on stdout, as it is."""
    sys.stdout.write(printable_lines(text))


def heading(model: LoadedModel) -> str:
    """The line above every table: the model and where its weights come from (random ones say so there)."""
    size = "" if model.input_size is None else f", images {model.input_size}x{model.input_size}"
    return printable(f"{model.name}: {model.source}{size}")


def model_record(model: LoadedModel) -> dict[str, Any]:
    """The model in JSON output."""
    return {
        "name": model.name,
        "source": model.source,
        "random_weights": model.random_weights,
        "input_size": model.input_size,
        **({"notes": list(model.notes)} if model.notes else {}),
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
        "stride": list(layer.stride) if layer.geometry_known else None,
        "padding": list(layer.padding) if layer.geometry_known else None,
        "dilation": list(layer.dilation) if layer.geometry_known else None,
        "prunable": layer.prunable,
        "skip_reason": layer.skip_reason,
    }


def bar(share: float, width: int = 40) -> str:
    """A horizontal bar for a share of 1, at least one cell for what isn't zero."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    cells = max(round(share * width), 1) if share > 0 else 0
    return ("█" if utf8 else "#") * cells
