"""What each class of a comparison holds, as figures and as bars."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_core.units import format_percent
from ubp_tui.looks.palette import MapPalette
from ubp_tui.looks.themes import look_of
from ubp_tui.renderables.map.class_stack import CLASS_INDEX
from ubp_tui.renderables.map.difference import SIGNS
from ubp_tui.work.comparing import Comparison
from ubp_tui.work.difference import CLASS_NAMES, ClassShare
from ubp_tui.work.selecting import LayerResult

NAME_WIDTH = 12
_EMPTY = "a side is missing: no difference"


class ClassFigures(Widget):
    """Four rows, two bars, and a line per side, as far as the height allows."""

    LINES = 11
    """Lines of everything."""

    comparison: reactive[Comparison | None] = reactive(None)
    """What is shown."""

    def render(self) -> Content:
        """As many lines as there is room for, the most important first."""
        comparison = self.comparison
        if comparison is None:
            return Content("")
        colours, height = look_of(self.app).difference, self.size.height
        width = max(len(choice.method) for choice in comparison.request.choices)
        sides = [_side_line(name, side, width) for name, side in zip(("left", "right"), comparison.sides, strict=True)]
        if comparison.difference is None:
            return Content("\n").join([Content.styled(_EMPTY, "$text-warning"), *sides][:height])
        shares = comparison.difference.shares
        lines = [_head(), *(_class_line(kind, shares[kind], colours) for kind in CLASS_NAMES)]
        bars = _bars(shares, colours, self.size.width)
        if height >= len(lines) + len(sides) + len(bars) + 2:
            lines = [*lines, Content(""), *bars, Content(""), *sides]
        else:
            lines += sides
        return Content("\n").join(lines[:height])


def _head() -> Content:
    """Titles."""
    titles = f"{'weights':>10}{'share':>9}{'importance':>11}{'share':>9}"
    return Content.styled(f"  {'':{NAME_WIDTH}}{titles}", "$text-muted")


def _swatch(kind: int, colours: MapPalette) -> tuple[str, str]:
    """The sign of a class on its colour."""
    index = CLASS_INDEX[kind]
    return SIGNS[kind], f"bold {colours.css(int(colours.inks[index]))} on {colours.css(index)}"


def _class_line(kind: int, share: ClassShare, colours: MapPalette) -> Content:
    """One class."""
    counts = f"{share.weights:>10,}{format_percent(share.weight_share, 2):>7} %"
    sums = f"{share.importance:>11,.5g}"
    kept = f"{format_percent(share.importance_share, 2):>7} %"
    return Content.assemble(_swatch(kind, colours), f" {CLASS_NAMES[kind]:{NAME_WIDTH}}", counts, sums, (kept, "bold"))


def _side_line(name: str, side: LayerResult | None, width: int) -> Content:
    """What a side keeps; its method stands in `width` cells."""
    if side is None or side.selection is None:
        return Content.assemble(f"{name:6}", ("no such selection", "$text-warning"))
    choice = side.request.choice
    return Content.assemble(
        f"{name:6}",
        (f"{choice.method:{width}} N={choice.block:<4} ", "$text-muted"),
        ("keeps ", "$text-muted"),
        (f"{format_percent(side.selection.retained, 2)} %", "bold $text-success"),
        (f"  sparsity {format_percent(side.selection.achieved_sparsity, 2)} %", "$text-muted"),
    )


def _bars(shares: dict[int, ClassShare], colours: MapPalette, width: int) -> list[Content]:
    """Weights and importance, each as one bar in four parts."""
    label = 12
    lines = []
    for title, name in (("weights", "weight_share"), ("importance", "importance_share")):
        parts: list[Content | tuple[str, str]] = [(f"{title:{label}}", "$text-muted")]
        done, total = 0, 0.0
        for kind in CLASS_NAMES:
            total += getattr(shares[kind], name)
            end = round(total * max(0, width - label))
            parts.append((SIGNS[kind] * (end - done), _swatch(kind, colours)[1]))
            done = end
        lines.append(Content.assemble(*parts))
    return lines
