"""Fifty of the random networks of `make stress`, and that a wrong one is found and named."""

from __future__ import annotations

import pytest
import random_modules
import stress
from torch import Tensor, nn


@pytest.mark.parametrize("seed", range(50))
def test_random_networks_are_those_of_torch(seed: int) -> None:
    stress.check_seed(seed)


def test_a_failure_is_named_with_its_seed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def wrong(seed: int) -> None:
        assert seed != 7, "differs"

    monkeypatch.setattr(stress, "check_seed", wrong)
    monkeypatch.setattr("sys.argv", ["stress", "--runs", "10", "--seed", "5"])
    assert stress.main() == 1
    assert capsys.readouterr().err.splitlines()[-1] == "FAILED seed 7; again: make stress RUNS=1 SEED=7"


def test_modules_have_what_they_are_meant_to_have() -> None:
    """Every kind of block occurs among the fifty, and no two are alike."""
    modules = [random_modules.random_module(seed)[0] for seed in range(50)]
    kinds = {type(part) for module in modules for part in module.modules()}
    wanted = {nn.ZeroPad2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.Softmax, random_modules.Residual}
    wanted |= {random_modules.Excited, random_modules.Joined, random_modules.Number}
    assert wanted <= kinds
    assert len({str(module) for module in modules}) == 50
    assert any(
        part.times == 2 for module in modules for part in module.modules() if isinstance(part, random_modules.Residual)
    )


def test_a_small_difference_is_found() -> None:
    class Wrong(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 1.001

    image = random_modules.random_image(stress.np.random.default_rng(0), (1, 2, 3, 3), 0.0)
    stress.compare(image, nn.Identity(), image)
    with pytest.raises(AssertionError):
        stress.compare(image, Wrong(), image)
