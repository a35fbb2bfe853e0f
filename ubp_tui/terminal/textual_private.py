"""The parts of Textual that it does not promise to keep: used here and nowhere else in the app.

`pyproject.toml` has an upper bound of Textual's version for their sake; before it is raised, the tests of this module
and of the pictures are run with the new one.

- A strip that is divided nowhere answers with itself and remembers that answer: a cycle. So every line that was ever
  drawn waits for a garbage collection, together with its segments: 20,000 objects a second while somebody types.
- The footer's keys have no public class; the app's footer gives some of them a class of its own.
- What a screen shows can only be had from its compositor.
- A driver keeps its terminal and its app to itself.
- An exception that nobody caught ends in a method of the app, which prints all of it.
- Texts become markup at one place, `Content.from_markup`: titles of frames, tooltips, notifications, labels of buttons
  and boxes, options, hits of the palette. A name with a bracket in it would be styled, emptied, or end the app.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, Final, cast

from rich.console import Console
from textual.app import App
from textual.content import Content
from textual.driver import Driver
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets._footer import FooterKey

__all__ = [
    "FailingApp",
    "FooterKey",
    "app_of",
    "capture_screen",
    "divide_without_cycle",
    "drawn_strips",
    "prevent_strip_cycles",
    "replace_file",
    "take_no_text_for_markup",
]

_divide: Final = Strip.divide


def divide_without_cycle(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    """As `Strip.divide`, but for the answer that is the strip itself nothing is remembered."""
    places = list(cuts)
    return [strip] if places == [strip.cell_length] else _divide(strip, places)


def prevent_strip_cycles() -> None:
    """From now on, for all of this process."""
    Strip.divide = divide_without_cycle  # type: ignore[assignment, method-assign]


def take_no_text_for_markup() -> None:
    """From now on, for all of this process: a text is shown as it is; what has styles is made as `Content`."""

    def from_text(kind: type[Content], /, text: str | Content, **variables: object) -> Content:
        return text if isinstance(text, Content) else kind(text)

    Content.from_markup = classmethod(from_text)  # type: ignore[assignment, method-assign]


def drawn_strips(screen: Screen[Any]) -> list[Strip]:
    """What a screen shows, line by line."""
    return screen._compositor.render_strips()


def capture_screen(screen: Screen[Any]) -> dict[str, Callable[[], str]]:
    """What makes the texts of the kinds `picture` (SVG) and `text` later, also on another thread."""
    size, title = screen.size, screen.app.title
    render = screen._compositor.render_update(full=True)
    strips = drawn_strips(screen)

    def draw() -> str:
        console = Console(
            width=size.width,
            height=size.height,
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
            record=True,
            legacy_windows=False,
            safe_box=False,
        )
        console.print(render)
        return console.export_svg(title=title)

    return {"picture": draw, "text": lambda: "".join(f"{strip.text.rstrip()}\n" for strip in strips)}


class FailingApp(App[int]):
    """An app that says itself what is done about an exception that nobody caught; its exit code is then 1."""

    def take_failure(self, error: Exception) -> None:
        """Note what has happened; the app ends."""
        raise NotImplementedError

    def _handle_exception(self, error: Exception) -> None:
        """Tests get the exception itself."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._return_code = 1
        self.take_failure(error)
        self._close_messages_no_wait()


def app_of(driver: Driver) -> App[Any]:
    """The app that a driver posts to."""
    return driver._app


def replace_file(driver: Driver, wrap: Callable[[IO[str]], object]) -> None:
    """Put something round the terminal that a driver of Unix writes to."""
    own = cast(Any, driver)
    own._file = wrap(own._file)
