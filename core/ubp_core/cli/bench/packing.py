"""What `ubp bench` runs, as packed files: layers or the network, in the variants that options or a plan ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.layers import named_layers
from ubp_core.errors import ModelError, PlanError
from ubp_core.vocabulary import COMPARED_METHODS

if TYPE_CHECKING:
    from ubp_core.benchmark import PackedVariants, Variant
    from ubp_core.models import Layer, LoadedModel
    from ubp_core.plan import Plan


def pack(
    args: argparse.Namespace, plan: Plan | None, model: LoadedModel, image: tuple[int, int], folder: Path
) -> list[PackedVariants]:
    """Selects and packs what runs.

    Args:
        args: of `ubp bench`.
        plan: of --plan.
        model: the network.
        image: height and width of its image.
        folder: for the files.

    Raises:
        UbpError: one line that says what can't be run.
    """
    return pack_chosen(args, model, image, folder) if plan is None else pack_plan(args, plan, model, image, folder)


def pack_chosen(
    args: argparse.Namespace, model: LoadedModel, image: tuple[int, int], folder: Path
) -> list[PackedVariants]:
    """Layers or network in the variants that the options ask for."""
    from ubp_core.benchmark import make_variants

    methods = args.methods or COMPARED_METHODS
    variants = make_variants(methods, args.block_size, args.sparsity, args.dtype, args.block_columns)
    if args.layers is None:
        return [pack_network(args, model, image, variants, folder, args.criterion)]
    layers = choose_layers(args, model, [layer.name for layer in model.prunable])
    return pack_layers(args, layers, lambda layer: variants, folder, args.criterion)


def pack_plan(
    args: argparse.Namespace, plan: Plan, model: LoadedModel, image: tuple[int, int], folder: Path
) -> list[PackedVariants]:
    """Layers or network as a plan says, next to dense and to the methods that are named.

    Raises:
        PlanError: the plan is not for this network, prunes none of it, or has a block size without kernel.
    """
    from ubp_core.benchmark import plan_layer_variants, plan_network_variants
    from ubp_core.plan.applying import check_block_sizes, check_model, settle_plan

    check_model(plan, model)
    plan = settle_plan(plan, model)
    check_block_sizes(plan)
    if not plan.pruned:
        raise PlanError(f"{args.plan}: prunes no layer, so there is nothing to compare")
    methods = args.methods or ()
    if args.layers is None:
        variants = plan_network_variants(plan, model, methods)
        return [pack_network(args, model, image, variants, folder, plan.criterion, plan)]
    layers = choose_layers(args, model, [layer.name for layer in plan.pruned])
    for planned in (plan.layer(layer.name) for layer in layers):
        if planned.dense:
            raise PlanError(f"layers.{planned.name}: stays dense by the plan ({planned.because or 'no reason given'})")

    def variants_of(layer: Layer) -> Sequence[Variant]:
        return plan_layer_variants(plan.layer(layer.name), methods, plan.dtype_of(layer.name))

    return pack_layers(args, layers, variants_of, folder, plan.criterion)


def plan_record(plan: Plan) -> list[dict[str, Any]]:
    """What a plan does with each layer that it prunes, for the history."""
    return [
        {
            "layer": layer.name,
            "method": layer.method,
            "block_size": layer.block_size,
            "block_columns": layer.block_columns,
            "sparsity": layer.sparsity,
        }
        for layer in plan.pruned
    ]


def choose_layers(args: argparse.Namespace, model: LoadedModel, everything: Sequence[str]) -> tuple[Layer, ...]:
    """The layers that --layers names; `everything` is what `all` stands for."""
    names = named_layers(args.layers, [layer.name for layer in model.layers])
    layers = tuple(model.layer(name) for name in (everything if "all" in names else names))
    if not layers:
        raise ModelError(f"{model.name}: no layer is chosen that can be pruned; `ubp layers` lists them")
    for layer in layers:
        if layer.output_hw is None and layer.kind != "linear" and args.input_hw is None:
            raise ModelError(f"{layer.name}: its image is not known: give --arch NAME or --input HxW")
    return layers


def pack_layers(
    args: argparse.Namespace,
    layers: Sequence[Layer],
    variants_of: Callable[[Layer], Sequence[Variant]],
    folder: Path,
    criterion: str,
) -> list[PackedVariants]:
    """Every layer's variants, each layer in a folder of its own."""
    from ubp_core.benchmark import pack_variants

    packed = []
    with output.progress_bar("selecting and packing", len(layers)) as step:
        for number, layer in enumerate(layers):
            packed.append(pack_variants(layer, variants_of(layer), folder / str(number), criterion, args.jobs))
            step()
    return packed


def pack_network(
    args: argparse.Namespace,
    model: LoadedModel,
    image: tuple[int, int],
    variants: Sequence[Variant],
    folder: Path,
    criterion: str,
    plan: Plan | None = None,
) -> PackedVariants:
    """The whole network in every variant."""
    from ubp_core.benchmark import pack_network_variants

    with output.narrate("capturing the network") as tell:
        return pack_network_variants(
            model,
            variants,
            folder,
            (args.batch, 3, *image),
            criterion,
            threads=args.jobs,
            on_variant=lambda label: tell(f"packing {label}"),
            plan=plan,
        )
