"""What the app's tests share: small real models, the app built by its own factory, and waiting without sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from ubp_core.models import Layer, LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.terminal.textual_private import drawn_strips
from ubp_tui.work.services import Services, default_services

SIZES = [(80, 24), (120, 36), (200, 50)]
STEADY = 3
"""How often a widget must be found at the same place before it is clicked."""
PATIENCE = 20.0
"""Seconds after which a condition that did not come true fails its test."""


def make_model(random_weights: bool = False) -> LoadedModel:
    """A network of five layers: a stem, a 1x1, a depthwise, a 3x3 and a linear one; all weights differ."""
    draw = np.random.default_rng(7).standard_normal
    layers = (
        Layer("stem", "conv", draw((16, 3, 3, 3), np.float32), skip_reason="stem (3 input channels)"),
        Layer("block.0.expand", "conv", draw((96, 40, 1, 1), np.float32)),
        Layer("block.0.spatial", "depthwise", draw((96, 1, 3, 3), np.float32), groups=96, skip_reason="depthwise"),
        Layer("block.1.conv", "conv", draw((30, 24, 3, 3), np.float32)),
        Layer("head", "linear", draw((50, 64), np.float32)),
    )
    return LoadedModel("small", "drawn for a test", random_weights, layers, 32)


def make_services(model: LoadedModel) -> Services:
    """The real services, but for a model that is there at once."""
    return replace(default_services(), load_model=lambda request, progress: model)


def make_app(
    model: LoadedModel | None = None, services: Services | None = None, choice: Choice | None = None
) -> UbpApp:
    """The app as the command line builds it, on a small model."""
    return build_app(ModelSpec("small"), services or make_services(model or make_model()), choice or Choice("bed"))


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    """Let the app run until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"still not: {condition.__code__.co_names}"
        await pilot.pause(0.005)


async def click(pilot: Pilot[int], target: str | type[Widget] | Widget, offset: tuple[int, int] | None = None) -> None:
    """Click a widget once it has come to rest, nothing lies above it, and the last click on it is over.

    Layouts follow what is shown a moment later.

    Args:
        pilot: of the app.
        target: the widget, or what finds it on the screen.
        offset: cell of the widget; its middle by default.
    """
    seen: list[tuple[Widget, Region]] = []

    def rests() -> bool:
        screen = pilot.app.screen
        widget = target if isinstance(target, Widget) else next(iter(screen.query(target)), None)
        # A button swallows clicks as long as it shows the last one.
        if widget is None or not widget.region.area or widget.has_class("-active"):
            return False
        seen.append((widget, widget.region))
        return len(seen) > STEADY and len(set(seen[-STEADY:])) == 1 and find_hit(widget, offset) is widget

    await until(pilot, rests)
    await pilot.click(seen[-1][0], offset=place_of(seen[-1][0], offset))


def place_of(widget: Widget, offset: tuple[int, int] | None) -> tuple[int, int]:
    """A cell of a widget, by default its middle."""
    return offset or (widget.size.width // 2, widget.size.height // 2)


def find_hit(widget: Widget, offset: tuple[int, int] | None) -> Widget | None:
    """The widget itself, if a click on a cell of it reaches it or a part of it."""
    place = widget.region.offset + place_of(widget, offset)
    if not widget.screen.region.contains_point(place):
        return None
    hit, _ = widget.screen.get_widget_at(*place)
    return widget if widget in hit.ancestors_with_self else None


async def settle(app: UbpApp, pilot: Pilot[int]) -> None:
    """Wait until the choice of the moment is on the screen and every worker has finished."""
    explore = app.explore
    # The focus comes last, with the work in the background.
    await until(pilot, lambda: explore.focused is not None)
    await until(pilot, lambda: app.workspace.settled)
    await app.workers.wait_for_complete()
    await until(pilot, lambda: explore.drawing.settled)
    await pilot.pause()


def screen_text(app: UbpApp) -> str:
    """What the screen shows, as text."""
    return "\n".join(strip.text for strip in drawn_strips(app.screen))
