"""The key registry: every key of the app, once. Footer, help screen and command palette are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from textual.binding import Binding, BindingType

Owner = Literal["app", "explore", "table", "map", "curves", "compare", "benchmark", "history", "textual"]
"""Who binds the key: the app, a screen, the layer table, the map, or Textual itself (for the help only)."""


@dataclass(frozen=True)
class KeyAction:
    """One action and its keys."""

    id: str
    """Unique name, for keymaps and tests."""
    keys: str
    """Keys in Textual's spelling, separated by commas."""
    action: str
    """Textual action of the owner."""
    label: str
    """One or two words for the footer."""
    help: str
    """One line for the help screen and the palette."""
    section: str
    """Heading in the help screen."""
    owner: Owner
    """Who binds it."""

    @property
    def key_text(self) -> str:
        """The keys as people read them."""
        return " ".join(_KEY_NAMES.get(key, key) for key in self.keys.split(","))


_KEY_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "ctrl+c": "^c",
    "ctrl+p": "^p",
    "shift+tab": "⇧tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "shift+up": "⇧↑",
    "shift+down": "⇧↓",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "escape": "esc",
    "enter": "⏎",
}

Row = tuple[str, str, str, str, str]
"""Id, keys, action, label and help of one action."""

FOOTER: Final = frozenset(
    {
        "method.next",
        "block.larger",
        "sparsity.lower",
        "sparsity.higher",
        "map.zoom_in",
        "map.zoom_out",
        "bench.run",
        "bench.again",
        "bench.cancel",
        "bench.mark",
        "bench.plot",
        "bench.leave",
        "history.mark",
        "history.leave",
        "compare.side",
        "compare.swap",
        "compare.zoom_in",
        "compare.zoom_out",
        "compare.take",
        "compare.leave",
        "app.help",
        "app.quit",
    }
)
"""Ids of the actions that the footer shows; they fit into 80 columns."""
ROOMY_FOOTER: Final = {
    "plan.budget": "-for-wide",
    "plan.export": "-for-wide",
    "compare.open": "-for-wide",
    "layer.filter": "-for-broad",
    "bench.devices": "-for-broad",
    "history.open": "-for-broad",
    "compare.full": "-for-wide",
    "compare.again": "-for-wide",
    "bench.refresh": "-for-wide",
}
"""Ids of those that it shows too in wide and in broad terminals, with their class."""
_GROUPS: Final = {
    "sparsity.lower": Binding.Group("sparsity", compact=True),
    "sparsity.higher": Binding.Group("sparsity", compact=True),
    "compare.zoom_in": Binding.Group("zoom", compact=True),
    "compare.zoom_out": Binding.Group("zoom", compact=True),
    "map.zoom_in": Binding.Group("zoom", compact=True),
    "map.zoom_out": Binding.Group("zoom", compact=True),
}
"""Pairs of keys that share a word in the footer."""


def _section(section: str, owner: Owner, *rows: Row) -> tuple[KeyAction, ...]:
    """The actions of one heading and one owner."""
    return tuple(KeyAction(*row, section=section, owner=owner) for row in rows)


REGISTRY: Final = (
    *_section(
        "Layers",
        "explore",
        ("layer.next", "j", "step_layer(1)", "next layer", "select the next layer, wherever the focus is"),
        ("layer.previous", "k", "step_layer(-1)", "previous layer", "select the layer before"),
        ("layer.filter", "slash", "filter", "filter", "show only layers that match words or a pattern"),
        ("layer.sort", "s", "sort_next", "sort", "sort by the next column (or click its title)"),
        ("layer.reverse", "S", "reverse_sort", "reverse", "turn the order around"),
    ),
    *_section(
        "Layers",
        "table",
        ("table.up", "up", "move(-1)", "up", "the layer above"),
        ("table.down", "down", "move(1)", "down", "the layer below"),
        ("table.page_up", "pageup", "move_page(-1)", "page up", "a page up"),
        ("table.page_down", "pagedown", "move_page(1)", "page down", "a page down"),
        ("table.home", "home", "move_end(False)", "first", "the first layer"),
        ("table.end", "end", "move_end(True)", "last", "the last layer"),
    ),
    *_section(
        "Marks",
        "explore",
        ("layer.mark", "space", "toggle_mark", "mark", "mark the layer, or unmark it (or click left of its name)"),
        ("layer.mark_all", "a", "mark_all", "mark all", "mark all layers that are shown, or unmark them"),
        ("layer.mark_pattern", "asterisk", "mark_pattern", "mark pattern", "mark layers by words or a pattern"),
        ("layer.invert", "i", "invert_marks", "invert marks", "mark the others instead"),
    ),
    *_section(
        "Pruning",
        "explore",
        ("choice.scope", "t", "step_scope", "for", "change choices of all layers, the marked ones or this one"),
        ("method.next", "m", "step_method(1)", "method", "next selection method"),
        ("method.previous", "M", "step_method(-1)", "method back", "the method before"),
        ("block.larger", "n", "step_block(1)", "block", "next block size"),
        ("block.smaller", "N", "step_block(-1)", "block back", "the block size before"),
        ("sparsity.lower", "left_square_bracket", "step_sparsity(-5)", "denser", "sparsity down by 5 points"),
        ("sparsity.higher", "right_square_bracket", "step_sparsity(5)", "sparser", "sparsity up by 5 points"),
        ("sparsity.lower_fine", "left_curly_bracket", "step_sparsity(-1)", "denser by 1", "sparsity down by 1 point"),
        ("sparsity.higher_fine", "right_curly_bracket", "step_sparsity(1)", "sparser by 1", "sparsity up by 1 point"),
        (
            "choice.dense",
            "D",
            "toggle_dense",
            "keep dense",
            "keep the layer or the marked ones dense, or prune again",
        ),
        ("choice.undo", "u", "undo", "undo", "put the choices before the last change back"),
        ("choice.redo", "U", "redo", "redo", "take the undo back"),
    ),
    *_section(
        "Decide and take away",
        "explore",
        (
            "plan.budget",
            "g",
            "budget",
            "budget",
            "spread one sparsity over the layers so that most is kept",
        ),
        ("plan.load", "l", "load_plan", "load plan", "take over the choices of a plan file"),
        ("plan.export", "e", "export", "export", "write plan, weights, masks, packed layers, table, view"),
    ),
    *_section(
        "Block map",
        "explore",
        ("map.zoom_in", "plus,equals_sign", "zoom_map(1)", "zoom in", "zoom in around the cursor (wheel up)"),
        ("map.zoom_out", "minus", "zoom_map(-1)", "zoom out", "zoom out (wheel down)"),
        ("map.whole", "0", "zoom_map_to('whole')", "whole layer", "show the whole layer"),
        ("map.weights", "w", "zoom_map_to('weights')", "weights", "show single weights: values and block edges"),
        ("map.jump", "r", "jump", "go to", "go to a row and a column"),
        ("map.pictures", "p", "toggle_pictures", "pictures", "show or hide the pictures beside the map"),
        ("map.taps", "o", "toggle_taps", "order", "columns of k x k layers by channel, or by tap"),
    ),
    *_section(
        "Block map",
        "map",
        ("map.cursor_up", "up", "move_cursor(-1, 0)", "up", "cursor up"),
        ("map.cursor_down", "down", "move_cursor(1, 0)", "down", "cursor down"),
        ("map.cursor_left", "left", "move_cursor(0, -1)", "left", "cursor left"),
        ("map.cursor_right", "right", "move_cursor(0, 1)", "right", "cursor right"),
        ("map.pan_up", "shift+up,pageup", "pan(-1, 0)", "pan up", "half a view up (or drag the map)"),
        ("map.pan_down", "shift+down,pagedown", "pan(1, 0)", "pan down", "half a view down"),
        ("map.pan_left", "shift+left", "pan(0, -1)", "pan left", "half a view left"),
        ("map.pan_right", "shift+right", "pan(0, 1)", "pan right", "half a view right"),
        ("map.row_start", "home", "jump_column(0)", "first column", "cursor to the first column"),
        ("map.row_end", "end", "jump_column(-1)", "last column", "cursor to the last column"),
    ),
    *_section(
        "Curves",
        "explore",
        ("curves.axis", "x", "step_axis", "axis", "curves over sparsity, or over block size"),
    ),
    *_section(
        "Curves",
        "curves",
        ("curves.left", "left", "move_cursor(-1)", "left", "cursor to the point before: its values stand above"),
        ("curves.right", "right", "move_cursor(1)", "right", "cursor to the next point"),
        ("curves.take", "enter", "take_point", "take", "choose what is under the cursor (or click)"),
        ("curves.drop", "escape", "drop_cursor", "no cursor", "values at the present choice again"),
    ),
    *_section(
        "Views",
        "explore",
        ("view.layers", "1", "show_view('layers')", "layers", "go to the layer table"),
        ("view.map", "2", "show_view('map')", "map", "go to the block map"),
        ("view.curves", "3", "show_view('curves')", "curves", "go to the curves"),
        ("view.full", "f", "toggle_full", "full", "give the whole screen to the focused pane, and back"),
    ),
    *_section(
        "Views",
        "textual",
        ("focus.next", "tab", "app.focus_next", "next pane", "focus the next pane"),
        ("focus.previous", "shift+tab", "app.focus_previous", "previous pane", "focus the pane before"),
    ),
    *_section(
        "Compare",
        "explore",
        ("compare.open", "c", "compare('other')", "compare", "compare the choice with another one on this layer"),
        ("compare.optimal", "v", "compare('optimal')", "abp/optimal", "aligned against the best unaligned blocks"),
    ),
    *_section(
        "Compare screen",
        "compare",
        ("compare.side", "space", "other_side", "side", "let the keys change the other side (or click its name)"),
        ("compare.method", "m", "step_method(1)", "method", "next selection method of the side"),
        ("compare.method_back", "M", "step_method(-1)", "method back", "the method before"),
        ("compare.block", "n", "step_block(1)", "block", "next block size of the side"),
        ("compare.block_back", "N", "step_block(-1)", "block back", "the block size before"),
        ("compare.lower", "left_square_bracket", "step_sparsity(-5)", "denser", "the side's sparsity down by 5 points"),
        ("compare.higher", "right_square_bracket", "step_sparsity(5)", "sparser", "the side's sparsity up by 5 points"),
        ("compare.lower_fine", "left_curly_bracket", "step_sparsity(-1)", "denser by 1", "down by 1 point"),
        ("compare.higher_fine", "right_curly_bracket", "step_sparsity(1)", "sparser by 1", "up by 1 point"),
        ("compare.again", "v", "compare_optimal", "abp/optimal", "aligned against the best unaligned blocks"),
        ("compare.swap", "x", "swap", "swap", "left becomes right"),
        (
            "compare.same",
            "e",
            "copy_side",
            "same",
            "give the side the choice of the other one",
        ),
        ("compare.next", "j", "step_layer(1)", "next layer", "compare on the next layer"),
        ("compare.previous", "k", "step_layer(-1)", "previous layer", "compare on the layer before"),
        ("compare.zoom_in", "plus,equals_sign", "zoom_map(1)", "zoom in", "zoom all pictures in (wheel up)"),
        ("compare.zoom_out", "minus", "zoom_map(-1)", "zoom out", "zoom all pictures out (wheel down)"),
        ("compare.whole", "0", "zoom_map_to('whole')", "whole layer", "show the whole layer"),
        ("compare.weights", "w", "zoom_map_to('weights')", "weights", "show single weights with their values"),
        ("compare.taps", "o", "toggle_taps", "order", "columns of k x k layers by channel, or by tap"),
        ("compare.left", "1", "show_view('left')", "left", "go to the left side"),
        ("compare.right", "2", "show_view('right')", "right", "go to the right side"),
        ("compare.both", "3", "show_view('difference')", "difference", "go to the difference"),
        ("compare.full", "f", "toggle_full", "full", "give the whole screen to one picture, and back"),
        ("compare.take", "enter", "take", "take", "back, with the side's choice for the layers of the scope"),
        ("compare.leave", "escape", "leave", "back", "back, with the choices as they were"),
    ),
    *_section(
        "Benchmark",
        "explore",
        ("bench.run", "b", "benchmark", "bench", "benchmark the selected layer, or all marked ones"),
        (
            "bench.network",
            "B",
            "benchmark_network",
            "network",
            "benchmark the whole network, and say where its time goes",
        ),
        ("bench.devices", "d", "show_devices", "devices", "show the devices and choose one"),
    ),
    *_section(
        "Benchmark screen",
        "benchmark",
        (
            "bench.again",
            "b",
            "start_again",
            "bench",
            "benchmark the same again, on the devices chosen now",
        ),
        ("bench.cancel", "c", "cancel", "stop", "end the benchmark; what is measured is kept"),
        ("bench.mark", "space", "toggle_mark", "mark", "mark the device, or unmark it; marked ones run at once"),
        ("bench.refresh", "r", "refresh", "look again", "ask all devices again; starts a missing adb server"),
        ("bench.threads", "t", "step_option('threads')", "threads", "threads on the device"),
        ("bench.cores", "o", "step_option('cores')", "cores", "cluster of cores to run on"),
        ("bench.runs", "n", "step_option('runs')", "runs", "samples per variant"),
        ("bench.warmup", "w", "step_option('warmup')", "warm-up", "runs that don't count"),
        ("bench.rest", "l", "step_option('rest')", "rest", "cool-down between layers"),
        ("bench.variants", "v", "step_option('variants')", "variants", "one choice, or several sparsities or sizes"),
        ("bench.plot", "p", "step_plot", "plot", "bars, or kept importance over time"),
        ("bench.view_devices", "1", "show_view('devices')", "devices", "go to the devices"),
        ("bench.view_results", "2", "show_view('results')", "results", "go to the results"),
        ("bench.leave", "escape", "leave", "back", "back to the layers; a benchmark goes on"),
    ),
    *_section(
        "History",
        "app",
        ("history.open", "h", "show_history", "history", "list earlier benchmarks"),
    ),
    *_section(
        "History",
        "history",
        ("history.mark", "space", "toggle_mark", "mark", "mark two runs to compare them"),
        ("history.leave", "escape", "leave", "back", "leave the history"),
    ),
    *_section("App", "app", ("app.theme", "y", "next_theme", "theme", "next theme: dark, light, colour-blind safe")),
    *_section("App", "app", ("app.log", "L", "show_log", "log", "show what libraries and workers have reported")),
    *_section("App", "app", ("app.tour", "T", "show_tour", "tour", "show the five lines of the first run again")),
    *_section("App", "app", ("app.help", "question_mark", "show_help", "help", "show this help")),
    *_section("App", "textual", ("app.palette", "ctrl+p", "command_palette", "palette", "search commands and themes")),
    *_section("App", "app", ("app.quit", "q,ctrl+c", "quit", "quit", "leave ubp-tui")),
)
"""All keys, in the order of the help screen."""


def bindings_of(owner: Owner) -> list[BindingType]:
    """Textual bindings of one owner, for its BINDINGS."""
    return [_bind(action) for action in REGISTRY if action.owner == owner]


def _bind(action: KeyAction) -> Binding:
    """One binding; quitting works from everywhere, so it goes first."""
    return Binding(
        action.keys,
        action.action,
        action.label,
        show=action.id in FOOTER or action.id in ROOMY_FOOTER,
        key_display=action.key_text.split(" ")[0],
        priority=action.id == "app.quit",
        tooltip=action.help,
        id=action.id,
        group=_GROUPS.get(action.id),
    )


def sections() -> dict[str, list[KeyAction]]:
    """The registry by help heading, in order."""
    grouped: dict[str, list[KeyAction]] = {}
    for action in REGISTRY:
        grouped.setdefault(action.section, []).append(action)
    return grouped


def key_of(name: str) -> str:
    """The first key of an action as people read it, for a sentence; raises KeyError."""
    return {action.id: action.key_text.split(" ")[0] for action in REGISTRY}[name]
