"""Identical masks in every process of a `torch.distributed` group: rank 0 selects, the others receive its blocks.

Nothing here decides; without a group everything is a no-op.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
import torch.distributed as dist

from ubp_core.errors import PruningError
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.selection import Selection

FAILED = -1
"""Sent as a size where rank 0 could not select."""


def group_size(group: dist.ProcessGroup | None) -> int:
    """Number of processes; 1 where nothing was initialised."""
    return dist.get_world_size(group) if dist.is_available() and dist.is_initialized() else 1


def is_first(group: dist.ProcessGroup | None) -> bool:
    """Whether this process selects."""
    return group_size(group) == 1 or dist.get_rank(group) == 0


def add_up(tensors: Iterable[torch.Tensor], device: torch.device, group: dist.ProcessGroup | None) -> None:
    """Sum each tensor over all processes, in place."""
    if group_size(group) == 1:
        return
    for tensor in tensors:
        shared = tensor.to(device)
        dist.all_reduce(shared, group=group)
        tensor.copy_(shared)


def share_selections(
    select: Callable[[], list[Selection]],
    shapes: list[tuple[int, int]],
    methods: tuple[str, ...],
    device: torch.device,
    group: dist.ProcessGroup | None,
) -> list[Selection]:
    """Selections of all layers, made by rank 0 only.

    Args:
        select: makes them; called on rank 0.
        shapes: (R, K) of every layer, in the same order everywhere.
        methods: names that a selection's `method` can have.
        device: where the group's backend wants its tensors.
        group: None for the default one.

    Raises:
        PruningError: on every rank, if rank 0 could not select; there the cause is in the line.
    """
    if group_size(group) == 1:
        return select()
    selections: list[Selection] = []
    failure: Exception | None = None
    if is_first(group):
        try:
            selections = select()
        except Exception as error:  # the others wait for an answer, whatever happened
            failure = error
    heads = _share_heads(selections, len(shapes), methods, failure, device, group)
    if failure is not None:
        raise failure
    return _share_blocks(selections, heads, shapes, methods, device, group)


def _share_heads(
    selections: list[Selection],
    layers: int,
    methods: tuple[str, ...],
    failure: Exception | None,
    device: torch.device,
    group: dist.ProcessGroup | None,
) -> list[list[float]]:
    """Blocks, block size, method, sparsity, retained importance and columns of a block of each layer, as float64."""
    rows = [[float(FAILED)] * 6] * layers
    if selections:
        rows = [
            [len(s.rows), s.block_size, methods.index(s.method), s.sparsity, s.retained, s.block_columns]
            for s in selections
        ]
    heads = torch.tensor(rows, dtype=torch.float64, device=device)
    _broadcast(heads, group)
    result: list[list[float]] = heads.cpu().tolist()
    if result[0][0] == FAILED and failure is None:
        raise PruningError("the mask update failed on rank 0; its own message says why")
    return result


def _share_blocks(
    selections: list[Selection],
    heads: list[list[float]],
    shapes: list[tuple[int, int]],
    methods: tuple[str, ...],
    device: torch.device,
    group: dist.ProcessGroup | None,
) -> list[Selection]:
    counts = [int(head[0]) for head in heads]
    if selections:
        both = np.stack([np.concatenate([getattr(s, a) for s in selections]) for a in ("rows", "columns")])
        blocks = torch.from_numpy(both).to(device)
    else:
        blocks = torch.empty(2, sum(counts), dtype=torch.int32, device=device)
    _broadcast(blocks, group)
    rows, columns = blocks.cpu().numpy()
    groups = _share_groups(selections, heads, shapes, device, group)
    ends = np.cumsum(counts)[:-1]
    return [
        Selection(
            np.ascontiguousarray(r),
            np.ascontiguousarray(c),
            int(head[1]),
            shape,
            methods[int(head[2])],
            head[3],
            head[4],
            groups=grouped,
        )
        for head, shape, r, c, grouped in zip(
            heads, shapes, np.split(rows, ends), np.split(columns, ends), groups, strict=True
        )
    ]


def _share_groups(
    selections: list[Selection],
    heads: list[list[float]],
    shapes: list[tuple[int, int]],
    device: torch.device,
    group: dist.ProcessGroup | None,
) -> list[ColumnGroups | None]:
    """The groups of columns of each layer; None where blocks have one column."""
    sizes = [shape[1] if head[5] > 1 else 0 for head, shape in zip(heads, shapes, strict=True)]
    if not any(sizes):
        return [None] * len(heads)
    orders = torch.empty(sum(sizes), dtype=torch.int32, device=device)
    if selections:
        known = np.concatenate([s.groups.order for s in selections if s.groups is not None])
        orders = torch.from_numpy(known.astype(np.int32)).to(device)
    _broadcast(orders, group)
    parts = np.split(orders.cpu().numpy(), np.cumsum(sizes)[:-1])
    return [ColumnGroups(part) if size else None for part, size in zip(parts, sizes, strict=True)]


def _broadcast(tensor: torch.Tensor, group: dist.ProcessGroup | None) -> None:
    source = 0 if group is None else dist.get_global_rank(group, 0)
    dist.broadcast(tensor, source, group=group)
