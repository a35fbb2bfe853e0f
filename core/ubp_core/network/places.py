"""Where in a model an operation is, and what it is in plain words: for refusals. Decides nothing."""

from __future__ import annotations

from torch import fx

from ubp_core.torch_private import schema_of

WORDS = {
    "adaptive_max_pool1d": "adaptive max pooling of sequences",
    "bilinear": "a bilinear layer",
    "bmm": "a product of two calculated arrays",
    "channel_shuffle": "channels in another order",
    "chunk": "parts of an array",
    "col2im": "patches put together",
    "conv1d": "a convolution of sequences",
    "conv3d": "a convolution of volumes",
    "conv_transpose2d": "a transposed convolution",
    "einsum": "a product of two calculated arrays",
    "elu": "an ELU",
    "embedding": "an embedding",
    "expand": "an array repeated",
    "gelu": "a GELU",
    "grid_sampler": "sampling at calculated places",
    "group_norm": "group normalisation",
    "im2col": "patches of an image",
    "index": "chosen elements of an array",
    "instance_norm": "instance normalisation",
    "layer_norm": "layer normalisation",
    "leaky_relu": "a leaky ReLU",
    "log_softmax": "the logarithm of a softmax",
    "lstm": "an LSTM",
    "matmul": "a product of two calculated arrays",
    "mm": "a product of two calculated arrays",
    "movedim": "dimensions in another order",
    "permute": "dimensions in another order",
    "pixel_shuffle": "channels laid out as pixels",
    "pixel_unshuffle": "pixels laid out as channels",
    "pow": "a power",
    "prelu": "a PReLU",
    "rsub": "a subtraction",
    "scaled_dot_product_attention": "attention",
    "select": "a part of an array",
    "slice": "a part of an array",
    "softplus": "a softplus",
    "split": "parts of an array",
    "split_with_sizes": "parts of an array",
    "sqrt": "a square root",
    "sub": "a subtraction",
    "sum": "a sum",
    "tanh": "a tanh",
    "transpose": "dimensions in another order",
    "unbind": "parts of an array",
    "upsample_bicubic2d": "enlarging (bicubic)",
    "upsample_bilinear2d": "enlarging (bilinear)",
    "upsample_nearest2d": "enlarging (nearest pixel)",
}
"""Operations that networks have and files don't, by ATen name."""


def operation_name(node: fx.Node) -> tuple[str, bool]:
    """Name of an operation without namespace and overload, and whether it changes its first argument in place."""
    schema = schema_of(node.target)
    if schema is None:
        return getattr(node.target, "__name__", str(node.target)), False
    namespace, _, name = schema.name.partition("::")
    base = name.rstrip("_") if name.endswith("_") and not name.endswith("__") else name
    return (base if namespace == "aten" else f"{namespace}::{name}"), base != name


def place_of(node: fx.Node) -> str:
    """Where in the model an operation is: the path of its module, with its own name where that module has children."""
    path, kind = module_of(node)
    name = operation_name(node)[0]
    if path and kind.startswith("torch.nn.modules.") and ".container." not in kind:
        return path
    return f"{path}.{name}" if path else name


def module_of(node: fx.Node) -> tuple[str, str]:
    """Path and class of the module that applies an operation; the path of the model itself is empty."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path, kind = stack[-1] if stack else ("", "")
    return str(path), kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"


def describe_operation(node: fx.Node) -> str:
    """Which module needs what, such as "parts.act (GELU) needs a GELU (gelu)"."""
    path, kind = module_of(node)
    module = f"{path} ({kind.rpartition('.')[2]})" if path else "its own forward()"
    name = operation_name(node)[0]
    return f"{module} needs {WORDS[name]} ({name})" if name in WORDS else f"{module} needs {name}"
