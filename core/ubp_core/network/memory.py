"""Plans the arena: where each tensor of a network lies, so that few bytes serve all of them.

Owns lifetimes, in-place reuse and placing. The rules that a plan must keep stand in docs/format.md ("Arena"); the
reader checks them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ubp_core.packed.format import Op
from ubp_core.packed.graph import in_place_operands, last_uses, tensor_bytes

TRIES = 200
"""Orders of placing that are tried where the first ones do not reach the lower bound."""


@dataclass(frozen=True)
class Use:
    """What the plan needs to know of a node."""

    op: Op
    operands: tuple[int, ...]
    """Numbers of tensors."""


@dataclass(frozen=True)
class Buffer:
    """Bytes that one tensor, or several one after the other in place, lie in."""

    size: int
    first: int
    """Node that makes it; -1 for an input of the network."""
    last: int
    """Last node that uses it; the number of nodes for an output."""
    tensors: tuple[int, ...]

    def meets(self, other: Buffer) -> bool:
        """Whether both live at the same time."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class ArenaPlan:
    """Offsets, and how good they are."""

    offsets: tuple[int, ...]
    """[tensors] bytes."""
    size: int
    """Of the arena."""
    lower_bound: int
    """Bytes that live at the same time at the fullest node: no plan with the same in-place reuse can be smaller."""


def plan_arena(
    shapes: Sequence[tuple[int, int, int]],
    dtypes: Sequence[str],
    batch: int,
    uses: Sequence[Use],
    outputs: Sequence[int],
) -> ArenaPlan:
    """Places all tensors.

    Args:
        shapes: channels, height, width of each tensor: the network's inputs, then what each node makes.
        dtypes: of each tensor.
        batch: images.
        uses: the nodes.
        outputs: numbers of the tensors that the caller reads.
    """
    buffers = find_buffers(shapes, dtypes, batch, uses, outputs)
    bound = max(sum(b.size for b in buffers if b.first <= node <= b.last) for node in range(-1, len(uses) + 1))
    best = place_best(buffers, bound)
    offsets = [0] * len(shapes)
    for buffer, offset in best.items():
        for tensor in buffers[buffer].tensors:
            offsets[tensor] = offset
    return ArenaPlan(tuple(offsets), end_of(buffers, best), bound)


def find_buffers(
    shapes: Sequence[tuple[int, int, int]],
    dtypes: Sequence[str],
    batch: int,
    uses: Sequence[Use],
    outputs: Sequence[int],
) -> list[Buffer]:
    """Tensors joined wherever a node can write its result in place."""
    inputs = len(shapes) - len(uses)
    last = last_uses([use.operands for use in uses], outputs, len(shapes))
    chain_of = list(range(len(shapes)))
    for node, use in enumerate(uses):
        made = inputs + node
        allowed = in_place_operands(use.op, use.operands, [shapes[tensor] for tensor in use.operands])
        for operand in allowed:
            same = elements(shapes[operand]) == elements(shapes[made]) and dtypes[operand] == dtypes[made]
            if last[operand] == node and same:
                chain_of[made] = chain_of[operand]
                break
    chains: dict[int, list[int]] = {}
    for tensor, chain in enumerate(chain_of):
        chains.setdefault(chain, []).append(tensor)
    return [
        Buffer(
            size=tensor_bytes(batch * elements(shapes[tensors[0]]), dtypes[tensors[0]]),
            first=max(tensors[0] - inputs, -1),
            last=max(last[tensor] for tensor in tensors),
            tensors=tuple(tensors),
        )
        for tensors in chains.values()
    ]


def elements(shape: tuple[int, int, int]) -> int:
    """Numbers of one image."""
    return shape[0] * shape[1] * shape[2]


def place_best(buffers: Sequence[Buffer], bound: int) -> dict[int, int]:
    """The best of several orders: by size, by size and lifetime, in order of making, then shuffled ones."""
    keys: list[Callable[[int], tuple[int, ...]]] = [
        lambda i: (-buffers[i].size, buffers[i].first),
        lambda i: (-buffers[i].size * (buffers[i].last - buffers[i].first + 1), buffers[i].first),
        lambda i: (buffers[i].first, -buffers[i].size),
    ]
    orders = [sorted(range(len(buffers)), key=key) for key in keys]
    best = min((place(buffers, order) for order in orders), key=lambda placed: end_of(buffers, placed))
    generator = random.Random(0)
    order = list(orders[0])
    for _ in range(TRIES):
        if end_of(buffers, best) == bound:
            break
        changed = list(order)
        one, other = generator.randrange(len(changed)), generator.randrange(len(changed))
        changed.insert(other, changed.pop(one))
        placed = place(buffers, changed)
        if end_of(buffers, placed) <= end_of(buffers, best):
            best, order = placed, changed
    return best


def place(buffers: Sequence[Buffer], order: Sequence[int]) -> dict[int, int]:
    """Offsets by buffer: each goes into the smallest gap that holds it between those placed before it."""
    offsets: dict[int, int] = {}
    for index in order:
        others = sorted((offsets[i], buffers[i].size) for i in offsets if buffers[i].meets(buffers[index]))
        offsets[index] = best_gap(others, buffers[index].size)
    return offsets


def best_gap(taken: Sequence[tuple[int, int]], size: int) -> int:
    """Offset of the smallest gap for `size` bytes between (offset, size) pairs, or the end of all."""
    end, best = 0, None
    for offset, length in taken:
        gap = offset - end
        if gap >= size and (best is None or gap < best[0]):
            best = (gap, end)
        end = max(end, offset + length)
    return end if best is None else best[1]


def end_of(buffers: Sequence[Buffer], offsets: dict[int, int]) -> int:
    """Bytes of the arena."""
    return max(offset + buffers[index].size for index, offset in offsets.items())
