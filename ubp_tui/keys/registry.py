"""The key registry: every key of the app, once. Footer, help screen and command palette are made from it.

No Textual here: what its bindings are is said in `bindings`.
"""

from __future__ import annotations

from typing import Final

from ubp_tui.keys.benchmark_keys import BENCHMARK_KEYS
from ubp_tui.keys.compare_keys import COMPARE_KEYS
from ubp_tui.keys.explore_keys import EXPLORE_KEYS
from ubp_tui.keys.key_action import KeyAction, make_section

APP_KEYS: Final = (
    *make_section(
        "App",
        "app",
        ("app.open", "O", "open_model", "open", "open another model: a name, one of late, or a file"),
        ("app.theme", "y", "next_theme", "theme", "next theme: dark, light, colour-blind safe"),
        ("app.log", "L", "show_log", "log", "show what libraries and workers have reported"),
        ("app.tour", "T", "show_tour", "tour", "six steps to a saved plan and a benchmark, done by you"),
        ("app.about", "V", "show_about", "about", "version, commit, platform and native library"),
        ("app.help", "question_mark", "show_help", "help", "show this help"),
    ),
    *make_section(
        "App",
        "textual",
        ("app.palette", "ctrl+p", "command_palette", "palette", "search commands and themes"),
    ),
    *make_section("App", "app", ("app.quit", "q,ctrl+c", "quit", "quit", "leave ubp-tui")),
)
"""Keys that work on every screen."""
REGISTRY: Final = (*EXPLORE_KEYS, *COMPARE_KEYS, *BENCHMARK_KEYS, *APP_KEYS)
"""All keys, in the order of the help screen."""


def sections() -> dict[str, list[KeyAction]]:
    """The registry by help heading, in order."""
    grouped: dict[str, list[KeyAction]] = {}
    for action in REGISTRY:
        grouped.setdefault(action.section, []).append(action)
    return grouped


def key_of(name: str) -> str:
    """The first key of an action as people read it, for a sentence; raises KeyError."""
    return {action.id: action.key_text.split(" ")[0] for action in REGISTRY}[name]
