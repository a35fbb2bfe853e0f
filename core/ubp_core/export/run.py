"""Writes what is to be taken away: selects by the plan, then file after file, with progress and a way to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

from ubp_core.budgets import split_note
from ubp_core.errors import ExportCancelled, ModelError, PlanError
from ubp_core.export.masks import save_masks
from ubp_core.export.packed_layers import PackedLayers, pack_selected
from ubp_core.export.state_dict import save_state
from ubp_core.export.tables import save_table
from ubp_core.export.targets import ExportTarget, check_targets
from ubp_core.models.own_modules import as_model
from ubp_core.network.types.conversions import types_of_plan
from ubp_core.plan.applying import check_block_sizes, check_model, select_plan, settle_plan
from ubp_core.plan.report import PlanReport, report_plan
from ubp_core.vocabulary import INT8, RANDOM_NOTE

if TYPE_CHECKING:
    from torch import nn

    from ubp_core.history import LayerFigures
    from ubp_core.models import LoadedModel
    from ubp_core.network.exporting import ExportedNetwork, NetworkExporter
    from ubp_core.plan.plan import Plan
    from ubp_core.quantisation.exports.exporting import Calibrating
    from ubp_core.selection import Selection

Progress = Callable[[str, float], None]
"""Told what is being done, and the share of the work that is behind it, 0 to 1."""


NO_PICTURES = "int8 needs pictures to calibrate the whole network on, or random numbers for tests of speed"
CAPTURE_STEPS = COMPARE_STEPS = 10
"""What capturing a network and comparing it with PyTorch take, where selecting a layer's blocks is one step."""


def export_files(
    plan: Plan,
    model: LoadedModel | nn.Module,
    targets: Sequence[ExportTarget],
    *,
    layers: Sequence[str] | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
    figures: LayerFigures | None = None,
    calibrating: Calibrating | None = None,
) -> PlanReport:
    """Prunes a network by a plan and writes files.

    Args:
        plan: what is done with every layer.
        model: the network.
        targets: what to write where.
        layers: only these are pruned, all others stay dense; None: as the plan says.
        overwrite: whether files that are there may be replaced.
        threads: of each selection.
        progress: told every step.
        cancel: set it to stop: the file under way is not written, those before it stay.
        figures: what was measured of the layers, for tables.
        calibrating: pictures for a whole network in which layers are int8.

    Returns:
        The plan's report on the network.

    Raises:
        FileError, PlanError, ModelError, SelectionError: one line that says what to do.
        ExportCancelled: `cancel` was set.
    """
    prepared = prepare_files(
        plan,
        model,
        targets,
        layers=layers,
        overwrite=overwrite,
        threads=threads,
        progress=progress,
        cancel=cancel,
        calibrating=calibrating,
    )
    prepared.write(overwrite, figures)
    return prepared.report


def prepare_files(
    plan: Plan,
    model: LoadedModel | nn.Module,
    targets: Sequence[ExportTarget],
    *,
    layers: Sequence[str] | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
    calibrating: Calibrating | None = None,
) -> PreparedFiles:
    """Computes what `export_files` writes; arguments and errors as there. A network is captured and checked here, so
    that one which can't be exported is refused before any file is there."""
    check_targets(targets, overwrite)
    model = as_model(model)
    check_model(plan, model)
    plan = settle_plan(plan, model)
    plan = plan if layers is None else keep_layers(plan, layers)
    whole = any(target.kind == "network" for target in targets)
    types = types_of_plan(plan)
    integers = whole and INT8 in types.all_types
    if integers and calibrating is None:
        raise PlanError(NO_PICTURES)
    extra = CAPTURE_STEPS + COMPARE_STEPS if whole else 0
    extra += 0 if calibrating is None or not integers else calibrating.steps + 2 * len(model.layers)
    tell = _Teller(progress, cancel, len(plan.pruned) + 4 * len(targets) + extra)
    exporter = _capture(plan, model, tell) if whole else None
    selections = select_plan(
        plan, model, threads=threads, step=lambda name: tell(f"selecting the blocks of {name}"), cancel=cancel
    )
    tell.check()
    network = None if exporter is None else _export(exporter, plan, selections, tell, calibrating)
    layers_apart = any(target.kind == "packed" for target in targets)
    packed = pack_selected(plan, model, selections, tell.check) if layers_apart else None
    tell("adding up", COMPARE_STEPS if whole else 0)
    report = report_plan(plan, model, selections)
    files = PreparedFiles(plan, model, tuple(targets), selections, report, network, packed, tell)
    if not integers or calibrating is None:
        return files
    tried = "" if calibrating.random else f"the {calibrating.words} that int8 was calibrated on"
    return replace(files, tried=tried, random=calibrating.random)


def _capture(plan: Plan, model: LoadedModel, tell: _Teller) -> NetworkExporter:
    """The network behind a plan, on an image of the model's size."""
    from ubp_core.network.exporting import NetworkExporter, require_module

    check_block_sizes(plan)
    require_module(model)
    if model.input_size is None:
        raise ModelError(f"{model.name}: the size of its image is not known; as_model(module, (1, 3, H, W)) has it")
    tell("capturing the network", CAPTURE_STEPS)
    return NetworkExporter(model, (1, 3, model.input_size, model.input_size))


def _export(
    exporter: NetworkExporter,
    plan: Plan,
    selections: dict[str, Selection],
    tell: _Teller,
    calibrating: Calibrating | None,
) -> ExportedNetwork:
    """The whole network, in the plan's types."""
    from ubp_core.quantisation.exports.by_types import export_by_types

    types = types_of_plan(plan)
    progress = tell.pass_on if calibrating is None else tell
    return export_by_types(exporter, selections, plan.criterion, types, calibrating, progress)


@dataclass(frozen=True, eq=False)
class PreparedFiles:
    """What is to be written, computed; nothing of it is on the disk yet."""

    plan: Plan
    """On this network, with the chosen layers only."""
    model: LoadedModel
    """The network."""
    targets: tuple[ExportTarget, ...]
    """What to write where."""
    selections: dict[str, Selection]
    """Blocks of every pruned layer."""
    report: PlanReport
    """What the plan keeps and saves."""
    network: ExportedNetwork | None
    """The whole network, where that is a target."""
    packed: PackedLayers | None
    """The pruned layers for a packed file, where that is a target."""
    tell: _Teller
    """Told every file; looks for the cancel."""
    tried: str = ""
    """Pictures on which the network's types were tried, in words."""
    random: bool = False
    """Whether int8 was calibrated on random numbers."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the files, a line each: what is not as expected, and what types cost."""
        if self.network is None and self.packed is None:
            return ()
        floats = (s.block_columns for name, s in self.selections.items() if self.plan.dtype_of(name) != INT8)
        split = split_note(max(floats, default=1))
        wide = () if split is None else (split,)
        if self.network is None:
            return (*wide, *(() if self.packed is None else self.packed.notes))
        costs = (cost.describe(number, self.tried) for number, cost in enumerate(self.network.costs))
        random = (RANDOM_NOTE,) if self.random else ()
        return (*wide, *random, *self.network.notes, *costs)

    def write(self, overwrite: bool = False, figures: LayerFigures | None = None) -> None:
        """Writes file after file; raises FileError, SelectionError and ExportCancelled."""
        for target in self.targets:
            self.tell(f"writing {target.path}", 4)
            self.tell.check()  # whoever was told may have stopped it
            self._write(target, overwrite, figures)

    def _write(self, target: ExportTarget, overwrite: bool, figures: LayerFigures | None) -> None:
        """One file."""
        path, model, selections, plan = target.path, self.model, self.selections, self.plan
        match target.kind:
            case "state_dict":
                save_state(path, model, selections, plan.criterion, overwrite)
            case "masks":
                save_masks(path, model, selections, plan.criterion, overwrite)
            case "packed":
                assert self.packed is not None
                self.packed.file.save(path, overwrite)
            case "network":
                assert self.network is not None
                self.network.packed.save(path, overwrite)
            case "table":
                save_table(path, self.report, overwrite, figures)
            case _:
                plan.save(path, overwrite)


def keep_layers(plan: Plan, names: Sequence[str]) -> Plan:
    """The plan with only some of its layers pruned; raises PlanError for one that it doesn't prune."""
    from ubp_core.models.layers import hint_at

    known = [layer.name for layer in plan.layers]
    for name in names:
        if name not in known:
            raise PlanError(f"layers.{name}: is not in the plan; {hint_at(name, known)}")
        if plan.layer(name).dense:
            raise PlanError(f"layers.{name}: stays dense by the plan ({plan.layer(name).because or 'no reason given'})")
    layers = (x if x.dense or x.name in names else x.kept("not among the chosen") for x in plan.layers)
    return replace(plan, layers=tuple(layers))


class _Teller:
    """Counts steps, tells them, and stops where it is asked to."""

    def __init__(self, progress: Progress | None, cancel: Event | None, steps: int) -> None:
        self._progress, self._cancel, self._steps, self._done = progress, cancel, max(steps, 1), 0

    def check(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise ExportCancelled("cancelled; files that were finished before stay")

    def __call__(self, line: str, steps: int = 1) -> None:
        self.check()
        if self._progress is not None:
            self._progress(line, min(self._done / self._steps, 1.0))
        self._done += steps

    def pass_on(self, line: str) -> None:
        """A line of a step that is counted as one."""
        self(line, 0)
