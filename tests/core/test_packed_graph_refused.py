"""Hostile networks against the Python reader: one bad file per rule, and changed ones that may only raise FileError."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from bad_graphs import BAD_GRAPHS
from graph_mutations import changed_networks
from ubp_core.errors import FileError
from ubp_core.packed.reader import read_packed


@pytest.mark.parametrize("case", BAD_GRAPHS)
def test_each_broken_rule_names_its_field(case: str) -> None:
    with pytest.raises(FileError) as caught:
        read_packed(memoryview(bytes(BAD_GRAPHS[case].make())))
    line = str(caught.value)
    assert line.startswith(BAD_GRAPHS[case].field)
    assert "\n" not in line


@settings(max_examples=300)
@given(changed_networks())
def test_changes_only_raise_the_file_error(data: bytes) -> None:
    try:
        contents = read_packed(memoryview(data))
    except FileError as error:
        assert re.match(r"[a-z_]+(\[\d+\])?(\.[a-z_0-9]+(\[\d+\])?)?: ", str(error)), error
        return
    assert contents.graph is None or contents.graph.arena_size <= 1 << 32


def test_every_rule_of_the_reader_has_its_bad_file() -> None:
    """Each `field` that the reader's source can name is named by some bad file."""
    folder = Path(read_packed.__code__.co_filename).parent
    names = ("graph_reader", "graph_shapes", "rules/tensors", "rules/arena", "rules/integer_nodes")
    text = "".join((folder / f"{name}.py").read_text() for name in names)
    named = set(re.findall(r'f"\{where\}\.([a-z_]+)', text)) | set(re.findall(r'check\("([a-z_]+)"', text))
    named |= set(re.findall(r'"graph\.([a-z_]+)"', text)) | set(re.findall(r'ShapeError\(None, f"([a-z]+)_', text))
    tested = {part for bad in BAD_GRAPHS.values() for part in re.findall(r"[a-z]+(?:_[a-z]+)*", bad.field)}
    tested |= {part.split("_")[0] for part in tested}
    assert len(named) > 15
    assert named - tested == set()
