"""One layer in packed form: arrays in the order the kernel streams them, geometry, and how they came to be.

Owns the value itself. Packing is `packing`, bytes are `file`; nothing here reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import COLUMNS_BEHIND, ELEMENT_TYPES, GROUPED_COLUMNS, SectionKind, array_bytes
from ubp_core.packed.rotation import block_starts, rotated_rows

DTYPE_OF = {np.dtype(element): name for name, element in ELEMENT_TYPES.items()}
"""Names of dtypes by the type of the weights."""


@dataclass(frozen=True, eq=False)
class PackedLayer:
    """A layer that kernels can run from. Arrays of a loaded layer point into the file's bytes and are read-only."""

    shape: tuple[int, ...]
    """Shape of the original weight: (out, in / groups, kh, kw) of a convolution, (out, in) of a linear layer."""
    block_size: int
    """1, 2, 4, 8 or 16; 0 for a dense layer."""
    row_begin: NDArray[np.uint32]
    """[starts + 1]: blocks row_begin[r] to row_begin[r + 1] begin at row r. Empty for a dense layer."""
    block_column: NDArray[np.uint16]
    """[B] column of each block, ascending within a start row; with 4 block columns a group's number. Empty for a dense
    layer."""
    weights: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.int8]
    """[B, N], rotated: row r + i stands at (r + i) % N; with 4 block columns [B, N, 4]. Dense: [rows, columns] (a file
    has blocks of 8 rows). Their type is the layer's `dtype`."""
    bias: NDArray[np.float32] | NDArray[np.int32]
    """[rows]; zeros where the layer had none. Of int8 int32, in steps of the row's scale times the input's."""
    stride: tuple[int, int] = (1, 1)
    """Step of the window: down, across."""
    padding: tuple[int, int] = (0, 0)
    """Zeros on each side of the image: above and below, left and right."""
    extra_padding: tuple[int, int] = (0, 0)
    """More zeros below and to the right than above and to the left."""
    groups: int = 1
    """Groups of channels that do not see each other; more than 1 only in a dense convolution."""
    dilation: tuple[int, int] = (1, 1)
    """Distance between kernel taps: down, across."""
    activation: str = "none"
    """One of `format.ACTIVATIONS`, applied after the bias."""
    name: str = "layer"
    """Name of the layer in its model."""
    method: str = ""
    """How the blocks were selected; "dense" where nothing was."""
    criterion: str = ""
    """Importance that the selection saw, such as "l1"; empty where unknown."""
    sparsity: float = 0.0
    """Requested sparsity, 0 to 1."""
    retained: float = 1.0
    """Share of the importance that was kept, 0 to 1."""
    image_hw: tuple[int, int] | None = None
    """Input image of the layer in its model; None where unknown. A default for benchmarks, no limit."""
    wide_sums: bool = False
    """Of an fp16 layer: its products are summed in fp32, and only the result is rounded."""
    scales: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """Of an int8 layer [rows]: what a step of each row's weights is. Empty for other types."""
    block_columns: int = 1
    """Columns of a block: 1, or 4 in an int8 layer."""
    column_order: NDArray[np.uint16] = field(default_factory=lambda: np.zeros(0, np.uint16))
    """[columns] with 4 block columns: group g has columns 4 g to 4 g + 3 of it. Otherwise empty."""

    @property
    def dtype(self) -> str:
        """Of weights and inputs, and as a rule of outputs: "fp32", "fp16" or "int8"."""
        return DTYPE_OF[self.weights.dtype]

    @property
    def rows(self) -> int:
        """Output channels."""
        return self.shape[0]

    @property
    def columns(self) -> int:
        """Input channels of one group times kernel taps."""
        return int(np.prod(self.shape[1:]))

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the kernel; (1, 1) for a linear layer."""
        return (self.shape[2], self.shape[3]) if len(self.shape) == 4 else (1, 1)

    @property
    def dense(self) -> bool:
        """Whether every weight is stored."""
        return self.block_size == 0

    @property
    def block_count(self) -> int:
        """Number of blocks; 0 for a dense layer."""
        return len(self.block_column)

    @property
    def aligned(self) -> bool:
        """Whether blocks begin only at multiples of the block size (never for a dense layer)."""
        if self.dense:
            return False
        begins = np.flatnonzero(np.diff(self.row_begin))
        return not np.any(begins % self.block_size)

    @property
    def achieved_sparsity(self) -> float:
        """Share of the weights that is not stored."""
        return 1.0 - self.kept / (self.rows * self.columns)

    @property
    def kept(self) -> int:
        """Weights that are stored; without places of a block that have no column."""
        missing = -self.columns % GROUPED_COLUMNS if self.block_columns == GROUPED_COLUMNS else 0
        last = self.columns // GROUPED_COLUMNS
        return self.weights.size - (missing and missing * self.block_size * int((self.block_column == last).sum()))

    @property
    def array_bytes(self) -> dict[SectionKind, int]:
        """Bytes of each array in a file, in the order in which they stand there."""
        sizes = (self.rows, self.columns, self.block_size, self.block_count, self.groups)
        return array_bytes(*sizes, self.dtype, self.block_columns)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays in a file."""
        return sum(self.array_bytes.values())

    @property
    def stored_columns(self) -> NDArray[np.uint16]:
        """`block_column` as kernels and files have it: [B + 2], two zeros behind. Empty for a dense layer."""
        behind = 0 if self.dense else COLUMNS_BEHIND
        return np.append(self.block_column, np.zeros(behind, np.uint16))

    @property
    def dense_nbytes(self) -> int:
        """Bytes of the same layer's dense weights and bias in fp32."""
        return 4 * self.rows * (self.columns + 1)

    def unpack(self) -> NDArray[np.float32]:
        """The masked weight in its original shape, exactly (fp32 holds every fp16); +0.0 where nothing was kept.

        Of an int8 layer what its whole numbers mean, rounded to fp32.
        """
        weight = self.unpack_stored().astype(np.float32)
        return (weight * self.scales[:, None] if len(self.scales) else weight).reshape(self.shape)

    def unpack_stored(self) -> NDArray[Any]:
        """[rows, columns] the stored numbers in their own type; 0 where nothing was kept."""
        if self.dense:
            return self.weights
        weight = np.zeros((self.rows, self.columns + 1), self.weights.dtype)
        weight[self.weight_places()] = self.weights
        return np.ascontiguousarray(weight[:, :-1])

    def weight_places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of every weight of a sparse layer, each to be broadcast to the shape of `weights`.

        Places of a block that have no column are in column K, behind the last one.
        """
        rows = rotated_rows(block_starts(self.row_begin), self.block_size)
        if self.block_columns == 1:
            return rows, self.block_column.astype(np.int64)[:, None]
        missing = np.full(-self.columns % GROUPED_COLUMNS, self.columns)
        groups = np.append(self.column_order.astype(np.int64), missing).reshape(-1, GROUPED_COLUMNS)
        return rows[:, :, None], groups[self.block_column][:, None, :]

    def run(
        self, x: NDArray[Any], threads: int = 1, kernel: str = "sparse", winograd: bool = True
    ) -> NDArray[np.float32]:
        """Applies the layer to `x` on this machine; arguments and errors as `run.run_layer`."""
        from ubp_core.packed.run import run_layer

        return run_layer(self, x, threads, kernel, winograd)

    def save(self, path: str | Path) -> None:
        """Writes a file of this one layer, in one step: never half a file.

        Raises:
            FileError: the folder can't be written, or the layer breaks a rule of the format.
        """
        from ubp_core.packed.file import PackedFile

        PackedFile(layers=(self,)).save(path)

    @classmethod
    def load(cls, path: str | Path, name: str | None = None) -> PackedLayer:
        """Maps the file and returns its layer `name`; without a name the file must hold one layer.

        Raises:
            FileError: the file can't be read or breaks a rule of the format, or has no such layer.
        """
        from ubp_core.packed.file import PackedFile

        packed = PackedFile.load(path)
        if name is not None:
            return packed.layer(name)
        if len(packed.layers) != 1:
            raise FileError(f"{path}: holds {len(packed.layers)} layers; name one of them")
        return packed.layers[0]
