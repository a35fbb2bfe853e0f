"""A packed network as ONNX, quantised and run by onnxruntime: what `bench_quantisation.py` compares with.

Neither `onnx` nor `onnxruntime` is a dependency: `pip install onnx onnxruntime` to have these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Node
from ubp_core.packed.layer import PackedLayer

Images = Sequence[NDArray[np.float32]]
OPSET, IR_VERSION = 17, 9


def quantised_scores(packed: PackedFile, calibrated: Images, judged: Images, method: str) -> NDArray[np.float32]:
    """[pictures, classes] by onnxruntime's static quantisation: 8 bit, per channel, QDQ.

    Args:
        packed: a network in fp32.
        calibrated: pictures that it is calibrated on, [1, channels, height, width] each.
        judged: pictures to run.
        method: how, as onnxruntime calls it, such as "MinMax".

    Raises:
        ImportError: onnx or onnxruntime is not installed.
    """
    import onnx
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Hands out the pictures."""

        def __init__(self) -> None:
            self._left = iter(calibrated)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            image = next(self._left, None)
            return None if image is None else {"t0": image}

    with TemporaryDirectory(prefix="ubp-") as folder:
        full, narrow = Path(folder, "full.onnx"), Path(folder, "int8.onnx")
        onnx.save(as_onnx(packed), str(full))
        quantization.quantize_static(
            str(full),
            str(narrow),
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=getattr(quantization.CalibrationMethod, method),
        )
        return run_onnx(narrow, judged)


def run_onnx(path: Path, images: Images) -> NDArray[np.float32]:
    """[pictures, classes] of a file, its rounding as written: x86-64 kernels of some machines saturate 16 bit sums."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"t0": image})[0] for image in images])


def as_onnx(packed: PackedFile) -> Any:
    """The network as an ONNX model; knows the operations of MobileNets and residual networks."""
    from onnx import TensorProto, helper, numpy_helper

    graph = packed.graph
    assert graph is not None
    nodes, constants = [], []
    for index, node in enumerate(graph.nodes):
        for op, operands, result, attributes, arrays in translate(packed, node, graph.output_of(index)):
            constants += [numpy_helper.from_array(array, name) for name, array in arrays.items()]
            nodes.append(helper.make_node(op, operands, [result], **attributes))
    first, (last,) = graph.tensors[0], graph.outputs
    inputs = [helper.make_tensor_value_info("t0", TensorProto.FLOAT, first.shape)]
    outputs = [helper.make_tensor_value_info(f"t{last}", TensorProto.FLOAT, graph.tensors[last].shape)]
    made = helper.make_graph(nodes, "network", inputs, outputs, constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


Translated = tuple[str, list[str], str, dict[str, Any], dict[str, NDArray[np.float32]]]
"""Operation, operands, result, attributes, constants by name."""


def translate(packed: PackedFile, node: Node, made: int) -> Iterator[Translated]:
    """The ONNX nodes that do what one of ours does, in their order."""
    image, result = f"t{node.operands[0]}", f"t{made}"
    if node.layer is not None:
        layer = packed.layers[node.layer]
        added = len(node.operands) > 1
        linear = result if layer.activation == "none" else f"{result}.linear"
        if len(layer.shape) == 2:  # our tensors are images always
            yield "Flatten", [image], f"{result}.vector", {}, {}
            image = f"{result}.vector"
        yield translate_layer(layer, image, f"{result}.product" if added else linear, result)
        if added:
            yield "Add", [f"{result}.product", f"t{node.operands[1]}"], linear, {}, {}
        if layer.activation != "none":
            yield translate_activation(layer.activation, linear, result)
    elif node.op == Op.FLATTEN:
        yield "Flatten", [image], result, {}, {}
    elif node.op == Op.AVERAGE_POOL:
        yield "GlobalAveragePool", [image], result, {}, {}
    else:
        raise NotImplementedError(f"{node.name}: {node.op.name}")


def translate_layer(layer: PackedLayer, image: str, result: str, name: str) -> Translated:
    """A convolution, or a product of vectors."""
    arrays = {f"{name}.weight": layer.unpack(), f"{name}.bias": np.ascontiguousarray(layer.bias)}
    operands = [image, *arrays]
    if len(layer.shape) == 2:
        return "Gemm", operands, result, {"transB": 1}, arrays
    (above, left), (below, right) = layer.padding, layer.extra_padding
    attributes = {
        "kernel_shape": layer.kernel,
        "strides": layer.stride,
        "dilations": layer.dilation,
        "group": layer.groups,
        "pads": [above, left, above + below, left + right],
    }
    return "Conv", operands, result, attributes, arrays


def translate_activation(activation: str, given: str, result: str) -> Translated:
    """ReLU or ReLU6."""
    if activation == "relu":
        return "Relu", [given], result, {}, {}
    assert activation == "relu6", activation
    limits = {f"{result}.least": np.zeros((), np.float32), f"{result}.most": np.full((), 6, np.float32)}
    return "Clip", [given, *limits], result, {}, limits
