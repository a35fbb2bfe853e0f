"""The packed file (.ubp): one layer or a whole network, read whole and saved in one step.

Owns the value and the two file-system operations. Bytes are laid out by `writer` and judged by `reader`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ubp_core.atomic_file import create_file, write_atomically
from ubp_core.errors import FileError
from ubp_core.installation.version import __version__
from ubp_core.packed.format import ALIGNMENT
from ubp_core.packed.graph import Graph
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.reader import read_packed
from ubp_core.packed.writer import packed_chunks

TOOL = f"ubp-tui {__version__}"
"""Written into files: what made them."""


@dataclass(frozen=True, eq=False)
class PackedFile:
    """Contents of a packed file."""

    layers: tuple[PackedLayer, ...]
    """At least one; names are unique."""
    model: str = ""
    """Name of the model that the layers are from; empty where unknown."""
    source: str = ""
    """One line on where the weights come from."""
    tool: str = TOOL
    """What wrote the file."""
    graph: Graph | None = None
    """How the layers are joined, where the file is a network."""

    @classmethod
    def load(cls, path: str | Path) -> PackedFile:
        """Reads a file and checks all of it; arrays of the layers point into its bytes.

        Raises:
            FileError: the file can't be read or breaks a rule; the line names the field.
        """
        try:
            contents = read_packed(read_bytes(Path(path)))
        except FileError as error:
            raise FileError(f"{path}: {error}") from None
        return cls(contents.layers, contents.model, contents.source, contents.tool, contents.graph)

    def save(self, path: str | Path, overwrite: bool = True) -> None:
        """Writes the file under another name, reads it back, and only then gives it its name.

        Raises:
            FileError: the folder can't be written, a layer breaks a rule of the format, or a file is there that may
                not be replaced.
        """

        if not self.layers:
            raise FileError(f"{path}: there is no layer to write, and a packed file holds at least one")

        def write(temporary: Path) -> None:
            with os.fdopen(create_file(temporary), "wb") as stream:
                stream.writelines(packed_chunks(self.layers, (self.tool, self.model, self.source), self.graph))

        write_atomically(path, write, overwrite=overwrite, check=PackedFile.load)

    def layer(self, name: str) -> PackedLayer:
        """The layer of that name; raises FileError that lists the names where there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers[:8])
        more = f" and {len(self.layers) - 8} more" if len(self.layers) > 8 else ""
        raise FileError(f"no layer {name!r} in the file; it holds {known}{more}")


def read_bytes(path: Path) -> memoryview:
    """The file's bytes, read-only, and aligned as a map would be.

    Read and not mapped: a layer is used long after it was checked, and a file that someone writes into or cuts
    meanwhile would change it, or end the process.
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            memory = np.empty(size + ALIGNMENT, np.uint8)
            begin = -memory.ctypes.data % ALIGNMENT
            content = memory[begin : begin + size]
            content = content[: stream.readinto(content.data)]  # less where it was cut meanwhile
    except (OSError, ValueError) as error:
        raise FileError(f"can't be read: {getattr(error, 'strerror', None) or error}") from error
    content.flags.writeable = False
    return content.data
