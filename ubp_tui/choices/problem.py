"""What can't be done, why, and what to do instead: the one form in which errors reach the user.

Three places show it, and no other:

- `ErrorDialog`, for what the user has just asked for and the app can't do: load, export, benchmark, compare.
- `ProblemPanel`, in place of a picture, for a state that lasts: a choice without blocks, a history that can't be read.
  Arrow keys and sliders pass through such states, and a dialog at every step would be in the way.
- the hint below the fields of a dialog that is open, for what stands in these fields.

A toast only ever tells what went well, or that there was nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ubp_core.printable import printable
from ubp_tui.choices.choice import BLOCK_SIZES, Choice
from ubp_tui.keys.registry import key_of

if TYPE_CHECKING:
    from ubp_core.models import Layer
    from ubp_core.selection import Selection


@dataclass(frozen=True)
class Problem:
    """One thing that can't be done."""

    title: str
    """What can't be done, in a few words."""
    reason: str
    """Why, in a sentence."""
    remedy: str = ""
    """What to do; empty where the reason says it."""

    def __post_init__(self) -> None:
        """Names of layers and files and what libraries say come from outside."""
        for field in fields(self):
            object.__setattr__(self, field.name, printable(getattr(self, field.name)))


def explain_failure(error: Exception, layer: Layer, choice: Choice) -> Problem:
    """Why a selection could not be made.

    Args:
        error: a `UbpError` or MemoryError of the selection.
        layer, choice: what was to be selected.
    """
    from ubp_core.errors import CandidatesExhausted

    if choice.block_size > layer.rows:
        return _explain_small(layer, choice.block_size)
    title = f"{choice.method} has no blocks for {layer.name}"
    if isinstance(error, CandidatesExhausted):
        reason = (
            f"greedy takes the best window first, and ran out of windows that overlap no other: it placed "
            f"{error.found:,} of the {error.budget:,} blocks that N = {choice.block} and "
            f"s = {100 * choice.sparsity:g} % ask for."
        )
        method, sparser = key_of("method.next"), key_of("sparsity.higher")
        return Problem(
            title, reason, f"Take bed or optimal, which never run out ({method}), or prune more ({sparser})."
        )
    if isinstance(error, MemoryError):
        return Problem(title, "There is not enough memory for this layer.", "Close other programs, then choose again.")
    return Problem(title, str(error))


def explain_empty(selection: Selection, layer: Layer, choice: Choice) -> Problem | None:
    """What is wrong with a selection that keeps nothing; None where it keeps something."""
    if len(selection.rows):
        return None
    smaller, denser, size = key_of("block.smaller"), key_of("sparsity.lower"), choice.block
    title = f"Nothing stays of {layer.name}"
    weights = layer.rows * layer.columns
    reason = (
        f"s = {100 * choice.sparsity:g} % leaves {(1 - choice.sparsity) * weights:.3g} of {weights:,} weights, "
        f"less than half a block of N = {size}."
    )
    return Problem(title, reason, f"Prune less ({denser}), take a smaller N ({smaller}), or keep the layer dense.")


def _explain_small(layer: Layer, size: int) -> Problem:
    """A layer with fewer rows than a block."""
    fitting = max(n for n in BLOCK_SIZES if n <= layer.rows)
    reason = f"A block has N = {size} rows, and the layer has {layer.rows}: no block fits."
    return Problem(f"{layer.name} stays dense", reason, f"Take N = {fitting} or less ({key_of('block.smaller')}).")
