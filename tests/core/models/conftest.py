"""A small real network and its checkpoints in every format."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ubp_core.models import LoadedModel, load_model


@pytest.fixture(scope="session")
def small() -> LoadedModel:
    """mobilenet_v1 at width 0.25: 28 layers, 470,000 weights."""
    return load_model("mobilenet_v1", width=0.25, seed=3)


@pytest.fixture
def state(small: LoadedModel) -> dict[str, torch.Tensor]:
    """The small network's state dict, safe to change."""
    assert small.module is not None
    return {name: value.clone() for name, value in small.module.state_dict().items()}


@pytest.fixture
def checkpoint(tmp_path: Path, state: dict[str, torch.Tensor]) -> Path:
    """The state dict as torch.save writes it."""
    path = tmp_path / "small.pth"
    torch.save(state, path)
    return path
