"""The colours of the map: order and contrast can be read from brightness alone."""

from __future__ import annotations

import itertools

import numpy as np

from ubp_core.vocabulary import METHODS
from ubp_tui.choices.choice import CURVE_METHODS
from ubp_tui.looks import palette
from ubp_tui.looks.colours import oklch_to_rgb


def luminance(index: int) -> float:
    """Relative luminance (WCAG) of a map colour."""
    channel = palette.MAP_COLOURS[index] / 255.0
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_more_important_weights_are_brighter() -> None:
    shown = palette.kept_index(np.linspace(0, 1, palette.IMPORTANCE_STEPS, dtype=np.float32))
    values = [luminance(int(index)) for index in shown]
    assert len(set(shown.tolist())) == palette.IMPORTANCE_STEPS
    assert all(b > a for a, b in itertools.pairwise(values))


def test_every_kept_weight_stands_out_from_a_pruned_one() -> None:
    darkest = min(luminance(int(palette.kept_index(np.float32(t), 1.0))) for t in np.linspace(0, 1, 50))
    contrast = (darkest + 0.05) / (luminance(palette.PRUNED) + 0.05)
    assert contrast > 1.8


def test_a_larger_share_is_brighter_and_none_is_not_pruned() -> None:
    shares = np.linspace(0.01, 1, 40, dtype=np.float32)
    for position in (0.0, 0.5, 1.0):
        indices = palette.kept_index(np.full(40, position, np.float32), shares)
        values = [luminance(int(index)) for index in indices]
        assert values == sorted(values)
        assert values[0] > luminance(palette.PRUNED)


def test_positions_beyond_the_scale_are_clipped() -> None:
    low, high = palette.kept_index(np.array([-5, 7], np.float32))
    assert (low, high) == tuple(palette.kept_index(np.array([0, 1], np.float32)))


def test_lightness_of_the_ramp_rises_evenly() -> None:
    grey = oklch_to_rgb(0.5, 0.0, 0.0)
    assert grey[0] == grey[1] == grey[2]
    assert oklch_to_rgb(1.0, 0.0, 0.0) == (255, 255, 255)
    assert oklch_to_rgb(0.0, 0.0, 0.0) == (0, 0, 0)


def test_every_method_has_a_curve_colour_of_its_own() -> None:
    assert set(palette.CURVE_COLOURS) == set(METHODS) >= set(CURVE_METHODS)
    assert len(set(palette.CURVE_COLOURS.values())) == len(METHODS)
