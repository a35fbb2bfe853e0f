"""From a torch module to a draft: what torch.export sees, one operation after the other.

Refuses what the format has no node for, with the operation and its place in the model. Folds and fuses nothing.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import fx, nn

from ubp_core.errors import ModelError
from ubp_core.network.draft import Draft, Value
from ubp_core.network.operations import OPERATIONS, WITH_PLACES
from ubp_core.network.places import describe_operation, operation_name, place_of
from ubp_core.network.step_maker import Refused, StepMaker, Stored, ValueNumber
from ubp_core.torch_private import TRACER, schema_of

MOST_NAMED = 8
"""Operations that a refusal names beside the first."""


def capture(module: nn.Module, input_shape: tuple[int, int, int, int], name: str) -> Draft:
    """Follows one image through a network.

    Args:
        module: in eval mode; left as it is.
        input_shape: batch, channels, height, width.
        name: of the model, for errors.

    Raises:
        ModelError: the network does not run on such images, or has an operation that can't be exported.
    """
    program = export(module, input_shape, name)
    check_operations(program.graph, name)
    return GraphReader(program, name, first_names(module)).read()


def first_names(module: nn.Module) -> dict[str, str]:
    """The name by which `models.Layer` knows each stored tensor, by every path that leads to it.

    A module that stands at several places, and a weight of several modules, goes by the first: torch.export takes
    another one.
    """
    firsts: dict[int, str] = {}
    stored = (*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False))
    return {path: firsts.setdefault(id(tensor), path) for path, tensor in stored}


def export(module: nn.Module, input_shape: tuple[int, int, int, int], name: str) -> torch.export.ExportedProgram:
    """The network as torch.export sees it."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        TRACER.disabled = True  # it prints a traceback of what is raised here
        try:
            return torch.export.export(module, (torch.zeros(input_shape),), strict=False)
        except Exception as error:  # whatever a network's own code, or the tracer, raises
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            size = "x".join(map(str, input_shape))
            raise ModelError(f"{name} can't be captured for an input of {size}: {reason}") from error
        finally:
            TRACER.disabled = False


def check_operations(graph: fx.Graph, name: str) -> None:
    """Refuses a network with operations that are in no table, all of them at once."""
    unknown: dict[str, fx.Node] = {}
    for node in graph.nodes:
        if node.op == "call_function" and not takes_part(node) and operation_name(node)[0] not in OPERATIONS:
            unknown.setdefault(operation_name(node)[0], node)
    if unknown:
        first, *others = unknown
        named = ", ".join(others[:MOST_NAMED]) + (f" and {len(others) - MOST_NAMED} more" * (len(others) > MOST_NAMED))
        more = f" (nor for {named})" if others else ""
        line = f"{describe_operation(unknown[first])}, for which network files have no node{more}"
        raise ModelError(f"{name} can't be exported: {line}")


def takes_part(node: fx.Node) -> bool:
    """Whether a node only takes one of several results of an operation."""
    return node.target is operator.getitem


class GraphReader:
    """Walks the exported graph and hands each operation to its function."""

    def __init__(self, program: torch.export.ExportedProgram, name: str, names: Mapping[str, str]) -> None:
        """Args: the program, the model's name for errors, and the names of stored tensors by path."""
        self._program = program
        self._name = name
        self._numbers: dict[fx.Node, int] = {}
        self._tensors = {
            node: replace(stored, path=names.get(stored.path, stored.path))
            for node, stored in stored_tensors(program).items()
        }
        self._draft = Draft(inputs=[])

    def read(self) -> Draft:
        """The draft."""
        for node in self._program.graph.nodes:
            try:
                self._read_node(node)
            except Refused as error:
                operation = operation_name(node)[0]
                raise ModelError(f"{self._name} can't be exported: {operation} at {place_of(node)} {error}") from None
        return self._draft

    def _read_node(self, node: fx.Node) -> None:
        if node.op == "placeholder" and node.name not in self._tensors:
            self._numbers[node] = self._add_value(node)
            self._draft.inputs.append(self._numbers[node])
        elif node.op == "call_function":
            self._read_call(node)
        elif node.op == "output":
            results = node.args[0] if isinstance(node.args[0], Sequence) else (node.args[0],)
            self._draft.outputs = [self._number(result) for result in results if result is not None]

    def _read_call(self, node: fx.Node) -> None:
        if takes_part(node):
            if node.args[1] == 0:  # where the maxima were, the second, is of no interest unless somebody uses it
                self._numbers[node] = self._number(node.args[0])
            return
        name, in_place = operation_name(node)
        arguments = {
            argument.name: self._argument(node, position, argument)
            for position, argument in enumerate(schema_of(node.target).arguments)
        }
        before = len(self._draft.values)
        maker = StepMaker(self._draft, place_of(node), arguments, lambda: value_of(node))
        result = OPERATIONS[name](maker)
        if in_place and len(self._draft.values) > before:
            self._forward(self._number(node.args[0]), result)
        self._numbers[node] = result

    def _forward(self, old: int, new: int) -> None:
        """Whoever uses the old value from now on sees what an operation in place has made of it."""
        for node, number in self._numbers.items():
            if number == old:
                self._numbers[node] = new

    def _argument(self, node: fx.Node, position: int, argument: Any) -> Any:
        """An argument of a call; values of the network as `ValueNumber`, what the module stores as `Stored`."""
        given = node.kwargs.get(argument.name, argument.default_value)
        if position < len(node.args):
            given = node.args[position]
        return fx.node.map_aggregate(given, self._translate)

    def _translate(self, given: Any) -> Any:
        if not isinstance(given, fx.Node):
            return given
        if given.name in self._tensors:
            return self._tensors[given.name]
        return ValueNumber(self._number(given))

    def _number(self, node: Any) -> int:
        if node not in self._numbers:
            raise Refused("uses a value that is no result of the network's operations")
        return self._numbers[node]

    def _add_value(self, node: fx.Node) -> int:
        number = len(self._draft.values)
        self._draft.values[number] = value_of(node)
        return number


def stored_tensors(program: torch.export.ExportedProgram) -> dict[str, Stored]:
    """Weights, buffers and constants of the module by the name that the graph has for them."""
    signature = program.graph_signature
    stored: dict[str, Stored] = {}
    for table in (signature.inputs_to_parameters, signature.inputs_to_buffers):
        stored |= {name: Stored(path, program.state_dict.get(path)) for name, path in table.items()}
    for name, path in signature.inputs_to_lifted_tensor_constants.items():
        stored[name] = Stored(path, program.constants[path])
    for name, path in signature.inputs_to_buffers.items():
        if stored[name].tensor is None:  # a buffer that isn't saved with the module
            stored[name] = Stored(path, program.constants[path])
    return stored


def value_of(node: fx.Node) -> Value:
    """Shape of a node's result."""
    result = node.meta.get("val")
    if operation_name(node)[0] in WITH_PLACES:
        result = result[0]  # type: ignore[index]
    if not isinstance(result, torch.Tensor):
        raise Refused("makes something else than one array")
    if result.dtype != torch.float32:
        raise Refused(f"makes {str(result.dtype).removeprefix('torch.')}, only float32 can be exported")
    shape = [int(side) for side in result.shape]
    if len(shape) not in (2, 4):
        raise Refused(
            f"makes an array of shape {shape}; only images [batch, channels, height, width] and vectors can be exported"
        )
    batch, channels, height, width = (*shape, 1, 1)[:4]
    return Value(len(shape), batch, channels, height, width)
