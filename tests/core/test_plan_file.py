"""Plan files: what is written is what is read, and everything else is refused in one line with its place."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ubp_core import METHODS
from ubp_core.errors import FileError, PlanError
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import LayerPlan, Plan
from ubp_core.plan.writer import format_plan
from ubp_core.vocabulary import BLOCK_COLUMNS, DENSE

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
SHARES = st.floats(0, 1)


@st.composite
def layer_plans(draw: st.DrawFn) -> LayerPlan:
    name, fixed = draw(NAMES), draw(st.booleans())
    if draw(st.booleans()):
        return LayerPlan(name, DENSE, because=draw(st.text(st.characters(exclude_categories=["Cs"]))), fixed=fixed)
    limits = sorted(draw(st.tuples(SHARES, SHARES)))
    floor, ceiling = (draw(st.sampled_from([None, limit])) for limit in limits)
    asked = (draw(st.sampled_from(METHODS)), draw(st.integers(1, 32)), draw(SHARES))
    return LayerPlan(name, *asked, "", fixed, floor, ceiling, block_columns=draw(st.sampled_from(BLOCK_COLUMNS)))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    floor, ceiling = sorted(draw(st.tuples(SHARES, SHARES)))
    spec = ModelSpec(draw(NAMES), draw(NAMES), draw(st.none() | NAMES), draw(st.floats(0.01, 8)), draw(st.integers(0)))
    return Plan(
        layers=tuple(draw(st.lists(layer_plans(), max_size=6, unique_by=lambda layer: layer.name))),
        model=draw(st.none() | st.just(replace(spec, seed=spec.seed % 2**63))),
        criterion=draw(st.sampled_from(["l1", "l2"])),
        scope=draw(st.sampled_from(["uniform", "global"])),
        method=draw(st.sampled_from(METHODS)),
        block_size=draw(st.integers(1, 32)),
        block_columns=draw(st.sampled_from(BLOCK_COLUMNS)),
        sparsity=draw(st.floats(0, 1, exclude_max=True)),
        floor=floor,
        ceiling=ceiling,
        scale=draw(st.sampled_from(["raw", "mean"])),
    )


@settings(max_examples=100)
@given(made=plans())
def test_what_is_written_is_what_is_read(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.yaml"
    made.save(path, overwrite=True)
    assert Plan.load(path) == made
    assert all(re.fullmatch(r"(#.*|[^\n]*: [^\n]*|\w+:|)", line) for line in path.read_text("utf-8").split("\n"))


def test_a_short_file_takes_the_rest_from_its_head(tmp_path: Path) -> None:
    path = tmp_path / "short.yaml"
    path.write_text("plan: 1\nblock_size: 8\nsparsity: 0.9\nlayers:\n  a: {method: bed}\n  b: {method: dense}\n")
    short = Plan.load(path)
    assert short.layer("a") == LayerPlan("a", "bed", 8, 0.9)
    assert short.layer("b").dense and short.layer("elsewhere").because == "not in the plan"
    assert [layer.name for layer in short.pruned] == ["a"]
    with pytest.raises(PlanError, match=r"^model: the plan names no network"):
        short.load_model()
    path.write_text("plan: 1\nblock_columns: 4\nlayers:\n  a: {method: bed}\n  b: {method: bed, block_columns: 1}\n")
    wide = Plan.load(path)
    assert [layer.block_columns for layer in wide.layers] == [4, 1] and short.block_columns == 1


HEAD = "plan: 1\n"


@pytest.mark.parametrize(("text", "place", "message"), [
    ("", "", "is empty"),
    ("- a\n", ":1", "need a mapping"),
    ("layers: {}\n", ":1", "plan is missing"),
    (HEAD, ":1", "layers is missing"),
    ("plan: 2\nlayers: {}\n", ":1", "plan: version 2 is unknown"),
    (HEAD + "layers: {}\ncolour: red\n", ":3", "'colour' is unknown; fields are plan, model"),
    (HEAD + "layers: {}\nlayers: {}\n", ":3", "'layers' stands there twice"),
    (HEAD + "sparsity: 1.0\nlayers: {}\n", ":2", "sparsity: need 0 <= x < 1; got '1.0'"),
    (HEAD + "sparsity: yes\nlayers: {}\n", ":2", "sparsity: need 0 <= x < 1; got 'yes'"),
    (HEAD + "sparsity: .nan\nlayers: {}\n", ":2", "sparsity: need"),
    (HEAD + "sparsity: [1]\nlayers: {}\n", ":2", "sparsity: need a single value"),
    (HEAD + "block_size: 4.0\nlayers: {}\n", ":2", "block_size: need a whole number from 1 to 32; got '4.0'"),
    (HEAD + "block_size: true\nlayers: {}\n", ":2", "block_size: need a whole number"),
    (HEAD + "block_columns: 2\nlayers: {}\n", ":2", "block_columns: need 1 or 4; got '2'"),
    (HEAD + "block_columns: 4.0\nlayers: {}\n", ":2", "block_columns: need 1 or 4; got '4.0'"),
    (HEAD + "block_columns: yes\nlayers: {}\n", ":2", "block_columns: need 1 or 4; got 'yes'"),
    (HEAD + "layers:\n  a: {method: bed, block_columns: 3}\n", ":3", "layers.a.block_columns: need 1 or 4; got '3'"),
    (HEAD + "layers:\n  a: {method: dense, block_columns: 4}\n", ":3", "block_columns has no meaning"),
    (HEAD + "scope: local\nlayers: {}\n", ":2", "scope: 'local' is unknown; choose from uniform, global"),
    (HEAD + "criterion: taylor\nlayers: {}\n", ":2", "criterion: 'taylor' is unknown; choose from l1, l2"),
    (HEAD + "floor: 0.5\nceiling: 0.4\nlayers: {}\n", ":2", "floor: floor 0.5 is above ceiling 0.4"),
    (HEAD + "model: resnet50\nlayers: {}\n", ":2", "model: need a mapping"),
    (HEAD + "model: {weights: random}\nlayers: {}\n", ":2", "model: name is missing"),
    (HEAD + "model: {name: ~}\nlayers: {}\n", ":2", "model.name: need text"),
    (HEAD + "layers:\n  a: {method: bed}\n  a: {method: bed}\n", ":4", "layers: 'a' stands there twice"),
    (HEAD + "layers:\n  a: {sparsity: 0.5}\n", ":3", "layers.a: method is missing"),
    (HEAD + "layers:\n  a: {method: best}\n", ":3", "layers.a.method: 'best' is unknown"),
    (HEAD + "layers:\n  a: {method: bed, sparsity: 75}\n", ":3", "layers.a.sparsity: need 0 to 1; got '75'"),
    (HEAD + "layers:\n  a: {method: dense, sparsity: 0.5}\n", ":3", "layers.a: sparsity has no meaning"),
    (HEAD + "layers:\n  a: {method: bed, because: stem}\n", ":3", "layers.a: because says why"),
    (HEAD + "layers:\n  a: {method: bed, floor: 0.9, ceiling: 0.1}\n", ":3", "layers.a: floor 0.9 is above ceiling"),
    (HEAD + "scope: global\nlayers:\n  a: {method: bed}\n", ":4", "layers.a: sparsity is missing; with scope global"),
    (HEAD + "layers:\n  a: {method: bed, fixed: maybe}\n", ":3", "layers.a.fixed: need true or false; got 'maybe'"),
    (HEAD + "layers:\n  ? [a]\n  : {method: bed}\n", ":3", "layers: a field's name must be plain text"),
    (HEAD + "layers: !!python/object/apply:os.system [ls]\n", ":2", "layers: need a mapping"),
    (HEAD + "sparsity: !!python/name:os.system\nlayers: {}\n", ":2", "sparsity: need"),
    (HEAD + "layers: {a: [\n", ":3", "not YAML: "),
    (HEAD + "layers: &a {b: *a}\n", ":2", "layers.b"),
    (HEAD + "layers: " + "[" * 5000, "", "nested too deeply"),
])  # fmt: skip
def test_a_bad_file_is_refused_with_line_and_field(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(PlanError) as caught:
        Plan.load(path)
    line = str(caught.value)
    assert line.startswith(f"{path}{place}: ") and message in line and "\n" not in line, line


def test_no_file_no_text_and_huge_files(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="can't be read: No such file"):
        Plan.load(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match="is not UTF-8 text"):
        Plan.load(tmp_path / "binary.yaml")
    (tmp_path / "huge.yaml").write_bytes(b"#" * (5 << 20))
    with pytest.raises(PlanError, match="zero: is larger than 4 MB"):
        Plan.load("/dev/zero")
    with pytest.raises(PlanError, match="larger than 4 MB"):
        Plan.load(tmp_path / "huge.yaml")


@settings(max_examples=150)
@given(data=st.data())
def test_damage_is_refused_as_a_plan_error_or_read(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    layers = (LayerPlan("conv", "bed", 4, 0.5), LayerPlan("stem", because="stem"))
    text = bytearray(format_plan(vars(Plan(layers, ModelSpec("resnet18")))).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_bytes(text)
    try:
        read = Plan.load(path)
    except PlanError as error:
        assert str(error).startswith(f"{path}") and "\n" not in str(error)
    else:
        read.save(path, overwrite=True)
        assert Plan.load(path) == read


def test_a_file_is_never_replaced_silently_nor_half_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    first, second = Plan((LayerPlan("a", "bed", 4, 0.5),)), Plan((LayerPlan("b", "bed", 4, 0.5),))
    first.save(path)
    with pytest.raises(FileError, match=r"plan\.yaml: is there already; --force replaces it"):
        second.save(path)
    assert Plan.load(path) == first
    unwritable = Plan((LayerPlan("a", "bed", 99, 0.5),))
    with pytest.raises(PlanError, match=r"plan\.yaml: .*block_size: need a whole number from 1 to 32"):
        unwritable.save(path, overwrite=True)
    assert Plan.load(path) == first
    second.save(path, overwrite=True)
    assert Plan.load(path) == second
    with pytest.raises(FileError, match="No such file"):
        first.save(tmp_path / "none" / "plan.yaml")
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.yaml"]
