"""The network to train: a model of `load_model`'s names with as many outputs as the data has classes."""

from __future__ import annotations

import torch
from torch import nn

from ubp_core.errors import ConfigError, ModelError
from ubp_core.models import load_model
from ubp_core.models.initialise import fill_random
from ubp_core.models.layer_extraction import find_classifier
from ubp_core.models.loading import Progress, build_network
from ubp_core.training.config import TrainConfig


def make_network(config: TrainConfig, classes: int, tell: Progress) -> nn.Module:
    """Build the network and give it its first weights.

    Args:
        config: `model`, `data.image_size` and `training.seed` are used.
        classes: outputs of the classifier.
        tell: gets a line before each slow step.

    Raises:
        ConfigError, ModelError: an unknown name, or weights that can't be had or don't fit.
    """
    name, width, size = config.model.name, config.model.width, config.data.image_size
    try:
        known = load_model(
            name if config.model.weights in ("default", "random") else config.model.weights,
            weights="random" if config.model.weights == "random" else "default",
            arch=None if config.model.weights in ("default", "random") else name,
            width=width,
            seed=config.training.seed,
            input_size=size,
            progress=tell,
        )
    except ModelError as error:
        raise ConfigError(f"model: {error}") from None
    network, undrawn = build_network(name, width, size, classes)
    fill_random(network, undrawn, config.training.seed)
    assert known.module is not None
    if not known.random_weights:
        _copy_features(known.module, network)
    return network.train()


def _copy_features(trained: nn.Module, network: nn.Module) -> None:
    """Everything but a classifier with another number of outputs."""
    head = find_classifier(network)
    state = network.state_dict()
    for key, value in trained.state_dict().items():
        if key in state and state[key].shape == value.shape:
            state[key] = value
        elif head is None or not key.startswith(f"{head}."):
            raise ConfigError(f"model.weights: {key} does not fit the network for these classes")
    network.load_state_dict(state)


def choose_device(name: str) -> torch.device:
    """The device of that name, "auto" meaning the best there is.

    Raises:
        ConfigError: there is none of that name here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"training.device: {name!r} can't be used here: {str(error).splitlines()[0]}") from error
    return device
