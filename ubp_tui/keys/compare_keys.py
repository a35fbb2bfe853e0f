"""Keys of the compare screen."""

from __future__ import annotations

from typing import Final

from ubp_tui.keys.key_action import make_section

COMPARE_KEYS: Final = (
    *make_section(
        "Compare screen",
        "compare",
        ("compare.side", "space", "other_side", "side", "let the keys change the other side (or click its name)"),
        ("compare.method", "m", "step_method(1)", "method", "next selection method of the side"),
        ("compare.method_back", "M", "step_method(-1)", "method back", "the method before"),
        ("compare.block", "n", "step_block(1)", "block", "next block size of the side"),
        ("compare.block_back", "N", "step_block(-1)", "block back", "the block size before"),
        ("compare.columns", "K", "step_columns", "columns", "the side's blocks of one column, or of four"),
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
)
"""In the order of the help screen."""
