"""One rank of a data-parallel training, started by torchrun: prints its masks' and weights' digests as JSON."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sys

import torch
import torch.distributed as dist
from torch.nn import functional as F

from pruning_helpers import tiny_batch, tiny_network
from ubp_core import BlockPruner, CubicSchedule
from ubp_core.errors import PruningError

RUNS = (
    ("layer", "taylor", True, 1),
    ("layer", "activation", False, 1),
    ("global", "l1", False, 1),
    ("layer", "l1", False, 4),
    ("global", "l1", True, 4),
)
"""Scope, criterion, regrow and columns of a block of each training."""


def main() -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    outcome = {"runs": [train(rank, *run) for run in RUNS], "error": failure(rank)}
    with open(os.path.join(sys.argv[1], f"{rank}.json"), "w", encoding="utf-8") as stream:
        json.dump(outcome, stream)
    gc.collect()  # models in cycles hold the group, whose threads must not outlive it into the end of the process
    dist.destroy_process_group()


def train(rank: int, scope: str, criterion: str, regrow: bool, columns: int) -> dict[str, object]:
    """Every rank has its own data, and digests of all masks that it had."""
    network = tiny_network(seed=0)
    model = torch.nn.parallel.DistributedDataParallel(network)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    options = {"criterion": criterion, "regrow": regrow, "block_columns": columns}
    pruner = BlockPruner(model, 4, 0.75, "bed", CubicSchedule(1, 9, 2), scope, **options)  # type: ignore[arg-type]
    masks = []
    for step in range(12):
        images, labels = tiny_batch(1_000 * rank + step)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        pruner.step()
        digest = hashlib.sha256()
        for selection in pruner.selections.values():
            digest.update(selection.rows.tobytes() + selection.columns.tobytes())
            if selection.groups is not None:
                digest.update(selection.groups.order.tobytes())
        masks.append(digest.hexdigest())
    weights = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in network.parameters()))
    return {"masks": masks, "weights": weights.hexdigest(), "updates": pruner.updates}


def failure(rank: int) -> str:
    """The error of an update that only rank 0 can't make: nobody may be left waiting."""
    network = tiny_network(seed=0)
    if rank == 0:
        with torch.no_grad():
            network[7].weight.fill_(float("nan"))  # type: ignore[operator,union-attr]
    try:
        BlockPruner(network).update_masks()
    except PruningError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
