"""Hostile files against the Python reader: one bad file per rule, and mutations that may only raise FileError."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from bad_files import BAD_FILES, GOOD
from packed_mutations import mutated_files
from ubp_core.errors import FileError
from ubp_core.packed.file import PackedFile
from ubp_core.packed.reader import read_packed


@pytest.mark.parametrize("case", BAD_FILES)
def test_each_broken_rule_names_its_field(case: str, tmp_path: Path) -> None:
    bad = BAD_FILES[case]
    (tmp_path / "bad.ubp").write_bytes(bad.make())
    with pytest.raises(FileError) as caught:
        PackedFile.load(tmp_path / "bad.ubp")
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'bad.ubp'}: {bad.field}")
    assert "\n" not in line


def test_the_good_file_is_good() -> None:
    assert len(read_packed(memoryview(GOOD)).layers) == 7


@pytest.mark.parametrize("length", [*range(0, 72), *range(72, len(GOOD), 61)])
def test_a_cut_file_is_refused(length: int) -> None:
    with pytest.raises(FileError, match="file_size"):
        read_packed(memoryview(GOOD[:length]))


@settings(max_examples=400)
@given(mutated_files())
def test_mutations_only_raise_the_file_error(data: bytes) -> None:
    try:
        contents = read_packed(memoryview(data))
    except FileError as error:
        assert re.match(r"[a-z_]+(\[\d+\])?(\.[a-z_0-9]+(\[\d+\])?)?: ", str(error)), error
        return
    for layer in contents.layers:
        layer.unpack()


def test_every_rule_of_the_readers_has_its_bad_file() -> None:
    """Each `field` that the reader's source can name is named by some bad file."""
    source = Path(read_packed.__code__.co_filename)
    parts = (source, source.parent / "layer_reader.py", source.parent / "rules" / "integer_layers.py")
    text = "".join(part.read_text(encoding="utf-8") for part in parts)
    named = set(re.findall(r'f"\{where\}\.([a-z_]+)', text)) | set(re.findall(r'check(?:_range)?\("([a-z_]+)"', text))
    named |= set(re.findall(r'require\([^\n]*?, "([a-z_]+)", ', text))
    tested = {part for bad in BAD_FILES.values() for part in re.findall(r"[a-z_]+", bad.field)}
    assert len(named) > 25
    assert named - tested == set()
