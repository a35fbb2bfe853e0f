"""`load_model`: from what the user wrote to a `LoadedModel`. Decides on builder and weights; reads nothing itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models import efficientnet_lite0, torchvision_models
from ubp_core.models.catalogue import is_checkpoint, split_inside
from ubp_core.models.checkpoints.bare import find_layers
from ubp_core.models.checkpoints.reading import Checkpoint, read_checkpoint
from ubp_core.models.download import fetch_weights
from ubp_core.models.fitting import count_classes, fit_names, load_state
from ubp_core.models.initialise import build_undrawn, fill_random
from ubp_core.models.layer_extraction import extract_module_layers
from ubp_core.models.layers import LoadedModel
from ubp_core.models.mobilenet_v1 import MobileNetV1
from ubp_core.models.trace import trace_output_sizes
from ubp_core.storage.folders import weights_folder

IMAGENET_CLASSES = 1000
MAX_INPUT_SIZE = 4096
MAX_WIDTH = 8.0

Progress = Callable[[str], None]


def load_model(
    model: str,
    *,
    weights: str = "default",
    arch: str | None = None,
    width: float = 1.0,
    seed: int = 0,
    input_size: int = 224,
    progress: Progress | None = None,
) -> LoadedModel:
    """Load a network by name, or a checkpoint file.

    Args:
        model: a name of `available_models()`, or the path of a checkpoint; `FILE:KEY` takes one of several state dicts
            in it.
        weights: "default" (trained ones; mobilenet_v1 has none and gets random ones), "random", or a checkpoint's path.
        arch: the network that a checkpoint file belongs to; without it, its 2-D and 4-D tensors become the layers.
        width: width multiplier, mobilenet_v1 only.
        seed: for random weights, 0 or more.
        input_size: height and width of the image in pixels, for output sizes and multiply-adds.
        progress: gets a line for people before each slow step; called on this thread.

    Raises:
        ModelError: unknown name, unusable file, failed download, options that don't go together.
    """
    tell = progress or (lambda line: None)
    name: str | None
    file: str | None
    _check_numbers(width, seed, input_size)
    if is_checkpoint(model):
        if weights != "default":
            raise ModelError(f"{model} brings its own weights: leave out --weights, or give a model's name with it")
        name, file = arch, model
    else:
        if arch is not None:
            raise ModelError(f"--arch goes with a checkpoint file; {model!r} is taken as a model's name")
        name, file = model, None if weights in ("default", "random") else weights
    if name is not None:
        _check_network(name, width)
    if file is None:
        assert name is not None
        return _load_named(name, weights, width, seed, input_size, tell)
    tell(f"reading {file}")
    path, inside = split_inside(file)
    checkpoint = read_checkpoint(Path(path), inside)
    if name is None:
        return _load_bare(checkpoint)
    return _load_fitted(checkpoint, name, width, input_size, _describe(checkpoint), tell)


def _check_numbers(width: float, seed: int, input_size: int) -> None:
    """Refuse numbers that no network can be built with."""
    if not (math.isfinite(width) and 0 < width <= MAX_WIDTH):
        raise ModelError(f"width: need more than 0 and at most {MAX_WIDTH:g}; got {width}")
    if seed < 0:
        raise ModelError(f"seed: need 0 or more; got {seed}")
    if not 1 <= input_size <= MAX_INPUT_SIZE:
        raise ModelError(f"input size: need 1 to {MAX_INPUT_SIZE} pixels; got {input_size}")


def _check_network(name: str, width: float) -> None:
    """Refuse an unknown network, and a width where none applies."""
    if name not in ("efficientnet_lite0", "mobilenet_v1"):
        torchvision_models.check_name(name)
    if width != 1.0 and name != "mobilenet_v1":
        raise ModelError(f"--width applies to mobilenet_v1 only, not to {name}")


def build_network(
    name: str, width: float, input_size: int, classes: int = IMAGENET_CLASSES
) -> tuple[nn.Module, frozenset[str]]:
    """Build a network without drawing its weights; see `build_undrawn`."""
    builders: dict[str, Callable[[], nn.Module]] = {
        "mobilenet_v1": lambda: MobileNetV1(width, classes),
        "efficientnet_lite0": lambda: efficientnet_lite0.build(classes, input_size),
    }
    try:
        return build_undrawn(builders.get(name, lambda: torchvision_models.build(name, classes, input_size)))
    except ModelError:
        raise
    except Exception as error:  # a network's own checks, such as an image size that its patches don't divide
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{name} can't be built for {input_size}x{input_size} pixels: {reason}") from error


def _load_named(name: str, weights: str, width: float, seed: int, input_size: int, tell: Progress) -> LoadedModel:
    """A network by name with its default or with random weights."""
    if weights == "random" or name == "mobilenet_v1":
        tell(f"building {name} with random weights")
        module, undrawn = build_network(name, width, input_size)
        fill_random(module, undrawn, seed)
        why = "" if weights == "random" else "; there are no trained ones for mobilenet_v1"
        return _finish(module, _label(name, width), f"RANDOM weights (seed {seed}), not trained{why}", True, input_size)
    if name == "efficientnet_lite0":
        file, source = efficientnet_lite0.weights_file()
        return _load_fitted(read_checkpoint(file), name, width, input_size, source, tell)
    url, label, size = torchvision_models.find_weights(name)
    file = fetch_weights(url, name, weights_folder(), tell)
    source = f"trained weights {label} of torchvision"
    model = _load_fitted(read_checkpoint(file), name, width, size or input_size, source, tell)
    assert model.module is not None
    torchvision_models.prepare_for_weights(name, model.module)
    return model


def _load_fitted(
    checkpoint: Checkpoint, name: str, width: float, input_size: int, source: str, tell: Progress
) -> LoadedModel:
    """A network with a checkpoint's weights, and with as many classes as the checkpoint has."""
    if checkpoint.quantised:
        raise ModelError(f"{checkpoint.path}: {checkpoint.quantised}")
    tell(f"building {name}")
    module, _ = build_network(name, width, input_size)
    matched = fit_names(module, checkpoint)
    classes = count_classes(module, matched.state)
    if classes is not None:
        module, _ = build_network(name, width, input_size, classes)
        source += f", {classes:,} classes"
    load_state(module, checkpoint, matched, name)
    model = _finish(module, _label(name, width), source, False, input_size)
    return replace(model, notes=(*checkpoint.notes, *matched.notes))


def _finish(module: nn.Module, name: str, source: str, random_weights: bool, input_size: int) -> LoadedModel:
    """Find the layers and their sizes."""
    sizes = trace_output_sizes(module, name, input_size)
    return LoadedModel(name, source, random_weights, extract_module_layers(module, sizes), input_size, module)


def _load_bare(checkpoint: Checkpoint) -> LoadedModel:
    """The layers of a checkpoint whose network nobody named."""
    found = find_layers(checkpoint)
    source = f"{_describe(checkpoint)}; network unknown (--arch NAME tells it)"
    if not all(layer.geometry_known for layer in found.layers):
        source += ", geometry unknown"
    return LoadedModel(
        checkpoint.path.name,
        source,
        False,
        found.layers,
        None,
        tensors=checkpoint.tensors,
        sources=found.sources,
        notes=found.notes,
    )


def _describe(checkpoint: Checkpoint) -> str:
    """One line on a file: its path, and where in it the weights were."""
    inside = f", inside {checkpoint.inside!r}" if checkpoint.inside else ""
    return f"weights from {checkpoint.path}{inside}"


def _label(name: str, width: float) -> str:
    """The network's name as shown, with a width that isn't 1."""
    return name if width == 1.0 else f"{name} (width {width:g})"
