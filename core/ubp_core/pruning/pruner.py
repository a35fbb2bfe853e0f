"""`BlockPruner`: turns a training loop into one that ends with an unaligned-block-sparse network.

Owns the order of things in a step. Where blocks come from, and what is written where, is other modules' work.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ubp_core.errors import PruningError
from ubp_core.models.layer_extraction import unwrap
from ubp_core.plan import Plan
from ubp_core.pruning import distributed, state
from ubp_core.pruning.common_budget import check_common, default_ceiling
from ubp_core.pruning.criteria import make_criterion
from ubp_core.pruning.folding import select_demands
from ubp_core.pruning.layers import make_layers
from ubp_core.pruning.masks import PrunedLayer, mask_copies, mask_optimizers
from ubp_core.pruning.report import LayerReport, report_layer, total_requested, total_sparsity
from ubp_core.pruning.rules import LayerSettings, Overrides, check_arguments, check_share
from ubp_core.pruning.schedules import OneShotSchedule, Schedule
from ubp_core.pruning.selecting import Demand, fit_scores
from ubp_core.selection import Selection
from ubp_core.vocabulary import DEFAULT_BLOCK_SIZE, DEFAULT_CRITERION, DEFAULT_METHOD, DEFAULT_SPARSITY, METHODS

if TYPE_CHECKING:
    import torch.distributed as dist


class BlockPruner:
    """Prunes a network in blocks of N x 1, or N x 4, while it is trained.

        pruner = BlockPruner(model, sparsity=0.75, schedule=CubicSchedule(begin=100, end=1000, every=50))
        for x, y in loader:
            ...; loss.backward(); optimizer.step(); pruner.step()
        pruner.finalize()

    Nothing is drawn at random: the same weights and steps give the same masks. The model's `state_dict` has the same
    keys as before, at any time. In a `torch.distributed` group rank 0 selects and all ranks get its blocks.
    """

    def __init__(
        self,
        model: nn.Module,
        block_size: int = DEFAULT_BLOCK_SIZE,
        sparsity: float = DEFAULT_SPARSITY,
        method: str = DEFAULT_METHOD,
        schedule: Schedule | None = None,
        scope: str = "layer",
        *,
        criterion: str = DEFAULT_CRITERION,
        criterion_batches: int = 8,
        regrow: bool = False,
        overrides: Overrides | None = None,
        skip: Sequence[str] = (),
        plan: Plan | str | Path | None = None,
        min_sparsity: float = 0.0,
        max_sparsity: float | None = None,
        scale: str = "raw",
        optimizer: torch.optim.Optimizer | Iterable[torch.optim.Optimizer] = (),
        copies: Iterable[nn.Module] = (),
        process_group: dist.ProcessGroup | None = None,
        threads: int | None = None,
        block_columns: int = 1,
    ) -> None:
        """Choose the layers; changes nothing in the model yet.

        Args:
            model: any network, on any device; may be wrapped by DistributedDataParallel or torch.compile.
            block_size: N, 1 to 32 (packed files hold 1, 2, 4, 8 and 16).
            sparsity: final sparsity s, 0 <= s < 1: of every layer, or in the scope "global" of all layers together.
            method: one of `METHODS`.
            schedule: when and how far; default: everything at once (`OneShotSchedule(0)`).
            scope: "layer": every layer reaches s. "global": the importance decides how much each layer keeps.
            criterion: "l1", "l2", "taylor" or "activation".
            criterion_batches: batches per update that "activation" looks at.
            regrow: pruned weights may come back with their last value at a mask update; else they stay pruned.
            overrides: by layer name or pattern, a sparsity or a `LayerRule`.
            skip: names and patterns of layers that stay dense.
            plan: a plan or its file: every layer's method, block size and final sparsity are taken from it, and what
                it does not prune stays dense. Goes with the scope "layer", without `overrides` and `skip`.
            min_sparsity, max_sparsity: floor and ceiling of each layer's final sparsity. Default: none; in the scope
                "global" every layer keeps at least a tenth of the share that all keep on average.
            scale: "raw" or "mean": how importances of layers compare in the scope "global"; see `select_global`.
            optimizer: one or more whose state (momentum and the like) shall be zero where weights are pruned. Masks
                hold without it too; with it a weight that comes back starts without old momentum.
            copies: copies of the model whose weights shall be masked alike: running averages. See `add_copy`.
            process_group: of `torch.distributed`; None: the default one, if there is any.
            threads: of the selection, default all cores; the result does not depend on it.
            block_columns: 1, or 4 columns that are alike: grouped once, with `regrow` anew at every mask update.

        Raises:
            PruningError: an argument that can't be used, or a layer that can't be pruned; it is a ValueError.
            PlanError: a plan file that can't be read.
        """
        check_arguments(model, scope, schedule, overrides, skip, plan, criterion_batches, threads)
        self.model = unwrap(model)
        self.scope, self.scale, self.regrow, self.threads = scope, scale, regrow, threads
        self.schedule: Schedule = schedule or OneShotSchedule()
        self.seconds = 0.0
        """Time spent in mask updates so far."""
        self.steps = 0
        """How often `step` was called."""
        self.updates = 0
        """How many mask updates there were."""
        self._group = process_group
        if max_sparsity is None:
            max_sparsity = default_ceiling(check_share("sparsity", sparsity)) if scope == "global" else 1.0
        asked = (block_size, sparsity, method, min_sparsity, max_sparsity)
        defaults = LayerSettings(*asked, common=scope == "global", block_columns=block_columns)
        plan = Plan.load(plan) if isinstance(plan, str | Path) else plan
        self._layers = make_layers(self.model, defaults, overrides, skip, plan, regrow)
        if scope == "global":
            check_common({layer.name: layer.settings for layer in self._layers}, scale)
        self._criterion = make_criterion(criterion, self._layers, criterion_batches)
        single = isinstance(optimizer, torch.optim.Optimizer)
        self._optimizers: list[torch.optim.Optimizer] = [optimizer] if single else list(optimizer)  # type: ignore[list-item,arg-type]
        self._copies: list[nn.Module] = []
        self._finalized = False
        for copy in copies:
            self.add_copy(copy)

    def step(self) -> None:
        """To be called after every `optimizer.step()` and before the gradients are zeroed.

        Updates the masks where the schedule says so, and puts zeros back where weights are pruned.

        Raises:
            PruningError: a mask update that can't be made; see `update_masks`.
        """
        self._check_open()
        self.steps += 1
        for layer in self._layers:
            self._criterion.collect(layer)
        late = self.updates == 0 and self.steps == 1 and self.schedule.is_due(0)
        if self.schedule.is_due(self.steps) or late:
            self.update_masks()
        else:
            self.apply_masks()

    def update_masks(self) -> None:
        """Choose blocks anew at the sparsity that the schedule has for this step. `step` calls it when it is time.

        Raises:
            PruningError: weights that are not finite, or a criterion that has seen no data; the line names the layer.
        """
        self._check_open()
        started = time.perf_counter()
        if any(self._scheduled(layer.settings) > 0 for layer in self._layers):
            device = self._layers[0].weight.device
            sums = [value for layer in self._layers for value in self._criterion.sums(layer).values()]
            distributed.add_up(sums, device, self._group)
            shapes = [layer.shape for layer in self._layers]
            selections = distributed.share_selections(self._select, shapes, METHODS, device, self._group)
            for layer, selection in zip(self._layers, selections, strict=True):
                if self._scheduled(layer.settings) > 0:  # a layer that keeps every weight stays dense
                    layer.set_selection(selection, self._scheduled(layer.settings))
                self._criterion.reset(layer)
            self.updates += 1
            self._mask_others()
        self.seconds += time.perf_counter() - started

    def apply_masks(self) -> None:
        """Put zeros back: in the weights, in what optimizers remember of them, and in the copies of the model."""
        for layer in self._layers:
            layer.apply_to(layer.weight)
        self._mask_others()

    def _mask_others(self) -> None:
        """Everything but the weights."""
        mask_optimizers(self._layers, self._optimizers)
        mask_copies(self._layers, self._copies)

    def mask_gradients(self) -> None:
        """Zero the gradients of pruned weights; before clipping by norm, so that only weights in use count."""
        for layer in self._layers:
            layer.apply_to(layer.weight.grad)

    def add_copy(self, copy: nn.Module) -> None:
        """Mask a copy of the model from now on, at every step: an `AveragedModel`, a teacher, the last best one.

        Raises:
            PruningError: it lacks one of the layers.
        """
        inner = unwrap(copy)
        if isinstance(inner, torch.optim.swa_utils.AveragedModel):
            inner = unwrap(inner.module)
        names = dict(inner.named_modules())
        for layer in self._layers:
            if getattr(getattr(names.get(layer.name), "weight", None), "shape", None) != layer.weight.shape:
                raise PruningError(f"copies: {type(copy).__name__} has no layer {layer.name} of the model's shape")
        self._copies.append(inner)
        mask_copies(self._layers, [inner])

    def finalize(self) -> Mapping[str, Selection]:
        """End pruning: masks are baked in as exact zeros, and nothing of the pruner is left in the model.

        Returns:
            The blocks of each layer by its name, as `pack` takes them. Layers whose sparsity is 0 stay dense and are
            absent.

        Raises:
            PruningError: no mask was ever made, though a layer has a sparsity above 0.
        """
        self._check_open()
        if self.updates == 0 and any(layer.settings.target > 0 for layer in self._layers):
            raise PruningError(f"finalize: no mask update has happened in {self.steps:,} steps; see the schedule")
        if not self.schedule.is_complete(self.steps):
            warnings.warn(
                f"finalized at {self.achieved_sparsity:.3f} sparsity after {self.steps:,} steps: "
                "the schedule's end was not reached",
                stacklevel=2,
            )
        self.apply_masks()
        self._criterion.close()
        for layer in self._layers:
            layer.dense = None
        self._optimizers.clear()
        self._copies.clear()
        self._finalized = True
        return self.selections

    @property
    def selections(self) -> dict[str, Selection]:
        """The blocks of each layer by its name; layers that are still dense are absent."""
        return {layer.name: layer.selection for layer in self._layers if layer.selection is not None}

    @property
    def requested_sparsity(self) -> float:
        """What the schedule asked of all layers together at the last mask update."""
        return total_requested(self._layers)

    @property
    def achieved_sparsity(self) -> float:
        """Share of the weights of all layers together that is pruned."""
        return total_sparsity(self._layers)

    def report(self) -> tuple[LayerReport, ...]:
        """Requested and achieved sparsity, and what is kept, layer by layer."""
        return tuple(report_layer(layer) for layer in self._layers)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed training needs; tensors, numbers and strings only, so that `weights_only` loads it."""
        return state.collect(self._layers, self._criterion, self._header())

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        """Go on where another pruner was; the model's weights must have been loaded before.

        Raises:
            PruningError: the state is of other layers or settings; the line names them.
        """
        self._check_open()
        self.steps, self.updates, self.seconds = state.restore(content, self._layers, self._criterion, self._header())
        self.apply_masks()

    def _header(self) -> dict[str, Any]:
        """What must agree between the pruner that saved and the one that loads, and the counters."""
        return {
            "scope": self.scope,
            "regrow": self.regrow,
            "criterion": self._criterion.name,
            "steps": self.steps,
            "updates": self.updates,
            "seconds": self.seconds,
        }

    def _scheduled(self, settings: LayerSettings) -> float:
        """A layer's sparsity at this step; under a common budget that of the budget."""
        return self.schedule.sparsity(self.steps, settings.target)

    def _select(self) -> list[Selection]:
        """New blocks for all layers."""
        scores = list(map(self._criterion.score, self._layers))
        shared = [layer.settings.common and not layer.settings.fixed for layer in self._layers]
        demands = list(map(self._demand, self._layers, fit_scores(scores, shared)))
        return select_demands(demands, shared, self.scale, self.threads)

    def _demand(self, layer: PrunedLayer, importance: NDArray[np.float32]) -> Demand:
        return Demand(
            name=layer.name,
            importance=importance,
            settings=layer.settings,
            sparsity=self._scheduled(layer.settings),
            floor_sparsity=self.schedule.sparsity(self.steps, layer.settings.min_sparsity),
            earlier=None if self.regrow else layer.selection,
        )

    def _check_open(self) -> None:
        if self._finalized:
            raise PruningError("this pruner is finalized; make a new one to prune further")
