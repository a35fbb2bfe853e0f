"""A plan's checkpoint is found from the plan's folder and from the present one, wherever it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ubp_core.cli.main import main
from ubp_core.errors import PlanError
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import LayerPlan, Plan

LAYERS = (LayerPlan("a", "bed", 4, 0.5),)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the present one, with a checkpoint beside it in `models`."""
    (tmp_path / "models").mkdir()
    (tmp_path / "work").mkdir()
    torch.save({"a.weight": torch.randn(16, 16)}, tmp_path / "models" / "y.pth")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_a_plan_beside_its_checkpoint_is_read_from_anywhere(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = there / "models" / "y.yaml"
    file.write_text("plan: 1\nmodel: {name: y.pth}\nlayers:\n  a: {method: bed, block_size: 4, sparsity: 0.5}\n")
    for folder in (there, there / "work", there / "models"):
        monkeypatch.chdir(folder)
        plan = Plan.load(file)
        assert plan.model == ModelSpec("y.pth") and plan.load_model().layers[0].name == "a"
    assert main(["plan", "show", "../models/y.yaml"]) == 0
    assert main(["export", "--plan", "../models/y.yaml", "-o", "x.ubp"]) == 2  # found; its network isn't known
    assert main(["pack", "--plan", "../models/y.yaml", "-o", "x.ubp"]) == 0


@pytest.mark.parametrize("target", ["plan.yaml", "deep/er/plan.yaml", "../plan.yaml", "../models/plan.yaml"])
def test_a_plan_that_was_written_here_works_from_everywhere(
    there: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = (there / "work" / target).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    assert main(["plan", "../models/y.pth", "--sparsity", "0.5", "-o", target]) == 0
    for folder in (there, there / "work", Path("/")):
        monkeypatch.chdir(folder)
        assert Plan.load(file).load_model().layers[0].name == "a"
    monkeypatch.chdir(there / "work")
    again = there / "again" / "plan.yaml"
    again.parent.mkdir()
    Plan.load(file).save(again)
    assert Plan.load(again).load_model().name and Plan.load(again).layers == Plan.load(file).layers
    before = file.read_bytes()
    assert main(["plan", "again", str(file), "-o", str(file), "--force"]) == 0
    assert file.read_bytes() == before


def test_paths_from_the_present_folder_still_count(there: Path) -> None:
    (there / "work" / "plans").mkdir()
    file = there / "work" / "plans" / "p.yaml"
    file.write_text("plan: 1\nmodel: {name: ../models/y.pth}\nlayers: {}\n")
    assert Plan.load(file).load_model().layers[0].name == "a"


def test_a_weights_file_is_found_alike(there: Path) -> None:
    spec = ModelSpec("mobilenet_v1", weights="../models/y.pth")
    Plan(LAYERS, spec).save(there / "plan.yaml")
    plan = Plan.load(there / "plan.yaml")
    assert plan.model == ModelSpec("mobilenet_v1", weights="models/y.pth")
    assert Path(plan.located_model.weights).resolve() == there / "models" / "y.pth"
    named = Plan(LAYERS, ModelSpec("resnet50", weights="random"))
    named.save(there / "named.yaml")
    assert Plan.load(there / "named.yaml") == named
    assert Plan.load(there / "named.yaml").located_model == named.model


def test_a_file_that_is_nowhere_is_refused_with_the_folders(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Plan(LAYERS, ModelSpec("gone.pth")).save(there / "p.yaml")
    with pytest.raises(PlanError) as caught:
        Plan.load(there / "p.yaml").load_model()
    assert str(caught.value) == f"model.name: gone.pth: no such file; looked in {there} and {there / 'work'}"
    assert main(["plan", "show", str(there / "p.yaml")]) == 2
    assert f"looked in {there} and {there / 'work'}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["n\\0.pth", "a\\0b/n.pth", "circle/n.pth"])
@pytest.mark.parametrize("field", ["name", "weights"])
def test_a_path_that_no_system_can_have_is_one_line(
    there: Path, capsys: pytest.CaptureFixture[str], name: str, field: str
) -> None:
    (there / "circle").symlink_to(there / "circle")
    network = "" if field == "name" else "name: mobilenet_v1, "
    (there / "p.yaml").write_text(f'plan: 1\nmodel: {{{network}{field}: "{name}"}}\nlayers: {{}}\n')
    assert main(["plan", "show", str(there / "p.yaml")]) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"ubp: error: model.{field}: ") and ": no such file; looked in " in line
    assert line.count("\n") == 1 and line.rstrip().isprintable()
