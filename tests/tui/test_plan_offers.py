"""What `l` offers: the plan files of the folder, each with its network, scope and sparsity, and whether it fits."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import OptionList
from tui_world import SIZES, make_app, make_model, screen_text, settle, until

from ubp_core.models.spec import ModelSpec
from ubp_core.plan import Plan
from ubp_tui.app import UbpApp
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.plan_files import MOST, find_plans
from ubp_tui.choices.plans import plan_choices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.prompt import PromptDialog

CHOICES = LayerChoices(Choice("abp", 2, 0.625))


def make_plan(name: str) -> Plan:
    """A plan of the small model, for a network of some name."""
    return plan_choices(CHOICES, make_model(), ModelSpec(name, weights="random"))


def save(path: Path, plan: Plan, written: int) -> None:
    """A plan's file, and when it was written."""
    plan.save(path)
    os.utime(path, (written, written))


def offers(app: UbpApp) -> list[str]:
    """The lines of the list."""
    found = app.screen.query_one(OptionList)
    return [str(found.get_option_at_index(number).prompt) for number in range(found.option_count)]


@pytest.mark.parametrize("size", SIZES)
async def test_plans_are_offered_with_what_they_are_for(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "old.yaml", make_plan("small"), 1_000_000_000)
    save(tmp_path / "other.yaml", replace(make_plan("resnet18"), scope="global", sparsity=0.8), 1_000_000_100)
    save(tmp_path / "own.yml", replace(make_plan("small"), model=None), 1_000_000_200)
    (tmp_path / "session.yaml").write_text("session: 1\n")
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        before = app.workspace.choices
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, PromptDialog))
        lines = offers(app)
        assert [line.split()[0] for line in lines] == ["own.yml", "other.yaml", "old.yaml"]
        assert [" · ".join(line.split("  ", 1)[1].strip().split(" · ")[:-1]) for line in lines] == [
            "uniform · 62.5 %",
            "is for resnet18 · global · 80 %",
            "small · uniform · 62.5 %",
        ]
        assert "is for resnet18 · global · 80 %" in screen_text(app)
        await pilot.press("down", "end", "enter")
        await until(pilot, lambda: app.workspace.choices != before)
        assert app.workspace.choices == CHOICES
        await settle(app, pilot)


async def test_a_plan_for_another_network_is_refused_where_its_layers_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = make_plan("resnet18")
    save(tmp_path / "other.yaml", replace(plan, layers=(replace(plan.layers[1], name="conv1"),)), 1_000_000_000)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        before = app.workspace.choices
        await pilot.press("l")
        await until(pilot, lambda: "is for resnet18" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "layers.conv1: small has no such layer" in screen_text(app)
        assert app.workspace.choices == before


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "folder/a, b.pth",
        "x #1.pth",
        "it's.pth",
        "[b]x[/].pth",
        'q"u.pth',
        "we:{v2}.pth",
        "null",
        "1.5",
        "漢.pt",
    ],
)
def test_a_network_of_any_name_is_known_again(name: str, tmp_path: Path) -> None:
    save(tmp_path / "p.yaml", make_plan(name), 1_000_000_000)
    ((_, here),) = find_plans(tmp_path, name)
    assert here.startswith(f"{Path(name).name} · uniform · 62.5 % · 2001-09-")
    ((_, elsewhere),) = find_plans(tmp_path, "mobilenet_v2")
    assert elsewhere == f"is for {here}"
    ((_, moved),) = find_plans(tmp_path, f"/elsewhere/{Path(name).name}")
    assert moved == here, "a checkpoint may lie in another folder now"


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("plan: 1\nmodel: {weights: random, name: resnet18}  # mine\nsparsity: 0.5\n", "is for resnet18 · 50 % · "),
        ("sparsity: much\nplan: 1\nscope: global # all\n", "global · "),
        ("plan: 1\nmodel:\n  name: [a, b]\nsparsity: 0.5\n", "50 % · "),
        ("plan: 1\nmodel: {name: x\nscope: uniform\n", "uniform · "),
        ("plan: 1\nmodel: resnet18\nscope: uniform\n", "uniform · "),
        ("plan: 1\nmodel: " + "[" * 3000 + "\n", ""),
    ],
)
def test_edited_and_broken_heads_are_told_as_far_as_they_go(head: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(head)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    ((name, note),) = find_plans(tmp_path, "small")
    assert name == "p.yaml" and note.startswith(f"{told}2001-09-")


def test_only_the_newest_files_are_looked_into_and_a_missing_folder_has_none(tmp_path: Path) -> None:
    for number in range(MOST + 5):
        (tmp_path / f"{number}.yaml").write_text("plan: 1\n")
        os.utime(tmp_path / f"{number}.yaml", (number, number))
    names = [name for name, _ in find_plans(tmp_path)]
    assert names == [f"{number}.yaml" for number in reversed(range(5, MOST + 5))]
    assert find_plans(tmp_path / "none") == []
