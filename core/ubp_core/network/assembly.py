"""From a draft to a graph and packed layers: packs weights, numbers tensors, plans the arena."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ubp_core.errors import ModelError, SelectionError
from ubp_core.network.draft import Draft, LayerWeights, Step
from ubp_core.network.memory import ArenaPlan, Use, plan_arena
from ubp_core.network.types.conversions import FP32, NetworkTypes, with_conversions
from ubp_core.network.types.half import as_type
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph, Node, Tensor
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import BlockSelection, pack, pack_dense


@dataclass(frozen=True, eq=False)
class Assembly:
    """A network ready to be written."""

    layers: tuple[PackedLayer, ...]
    """In the order in which they run."""
    graph: Graph
    plan: ArenaPlan


def assemble(
    draft: Draft,
    selections: Mapping[str, BlockSelection],
    criterion: str,
    step_done: Callable[[str], None],
    types: NetworkTypes = FP32,
) -> Assembly:
    """Makes a network of a draft that has been folded and fused.

    Args:
        draft: nothing in it is unused.
        selections: blocks of the layers that are pruned, by name; the others stay dense.
        criterion: the importance that the selections saw.
        step_done: gets the name of every layer once it is packed.
        types: of layers, inputs and outputs.

    Raises:
        ModelError: a selection is for a layer that the network does not apply, or for one with groups; a type is for
            a layer that there is not.
        SelectionError: a weight that its type can't hold; the line names the layer.
    """
    check_selections(draft, selections)
    draft = with_conversions(draft, types)
    names = unique_names([weights.name for _, weights in draft.layer_steps()])
    layers: list[PackedLayer] = []
    numbers: dict[int, int] = {}
    for step, weights in draft.layer_steps():
        name = names[len(layers)]
        numbers[step.output] = len(layers)
        layer = pack_step(draft, step, weights, name, selections.get(weights.name), criterion)
        layers.append(as_type(layer, types.of_layer(weights.name), types.wide_sums))
        step_done(name)
    graph, plan = build_graph(draft, numbers)
    return Assembly(tuple(layers), graph, plan)


def check_selections(draft: Draft, selections: Mapping[str, BlockSelection]) -> None:
    """Every selection belongs to a layer without groups that the network applies."""
    groups = {weights.name: weights.groups for _, weights in draft.layer_steps()}
    for name in selections:
        if name not in groups:
            raise ModelError(f"{name}: the network does not apply this layer, so it can't be pruned")
        if groups[name] > 1:
            raise ModelError(f"{name}: has {groups[name]} groups; only layers with one group can be pruned")


def unique_names(names: list[str]) -> list[str]:
    """Names with #2, #3 behind those that repeat."""
    seen: dict[str, int] = {}
    unique: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def pack_step(
    draft: Draft, step: Step, weights: LayerWeights, name: str, selection: BlockSelection | None, criterion: str
) -> PackedLayer:
    """One layer; the selection was made from the weights before normalisation was folded in."""
    weight, bias, activation = weights.folded_weight, weights.folded_bias, step.activation
    geometry = (weights.stride, weights.padding, weights.dilation, activation)
    shape = draft.values[step.inputs[0]]
    image_hw = (shape.height, shape.width)
    try:
        if selection is None:
            layer = pack_dense(weight, bias, *geometry, name=name, image_hw=image_hw)
        else:
            layer = pack(weight, selection, bias, *geometry, name=name, criterion=criterion, image_hw=image_hw)
    except SelectionError as error:
        raise SelectionError(f"{name}: {error}") from None
    return replace(layer, extra_padding=weights.extra_padding, groups=weights.groups)


def build_graph(draft: Draft, layer_numbers: Mapping[int, int]) -> tuple[Graph, ArenaPlan]:
    """Numbers values in the order of the format and places them."""
    order = [*draft.inputs, *(step.output for step in draft.steps)]
    number = {value: tensor for tensor, value in enumerate(order)}
    operands = [tuple(number[value] for value in step.inputs) for step in draft.steps]
    outputs = tuple(number[value] for value in draft.outputs)
    uses = [Use(step_op(step), used) for step, used in zip(draft.steps, operands, strict=True)]
    values = [draft.values[value] for value in order]
    plan = plan_arena([v.chw for v in values], [v.dtype for v in values], values[0].batch, uses, outputs)
    tensors = [
        Tensor(v.rank, v.batch, v.channels, v.height, v.width, offset, v.dtype)
        for v, offset in zip(values, plan.offsets, strict=True)
    ]
    nodes = [
        Node(
            name=step.place,
            op=use.op,
            operands=use.operands,
            layer=layer_numbers.get(step.output),
            activation=step.activation if step.op != Op.LAYER else "none",
            window=step.window,
            counts_padding=step.counts_padding,
        )
        for step, use in zip(draft.steps, uses, strict=True)
    ]
    return Graph(tuple(tensors), tuple(nodes), outputs), plan


def step_op(step: Step) -> Op:
    """A step's operation; padding was folded before."""
    assert step.op is not None, step.place
    return step.op
