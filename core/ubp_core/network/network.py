"""`Network`: a packed network that runs on this machine, through the native runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import UbpError
from ubp_core.native.arrays import float_array
from ubp_core.native.library import thread_count
from ubp_core.native.network import NetworkMemory, NetworkStep, OpenNetwork
from ubp_core.vocabulary import KERNELS

"""In the order of UBP_KERNEL_* (native/include/ubp/common_c.h)."""


class Network:
    """A packed network, mapped from its file and ready to run. For one thread at a time; open it twice for two."""

    def __init__(self, opened: OpenNetwork) -> None:
        """Use `Network.load`."""
        self._opened = opened

    @classmethod
    def load(cls, path: str | Path, threads: int = 1, kernel: str = "sparse", winograd: bool = True) -> Network:
        """Maps a file, checks every byte of it, and allocates everything that a run needs.

        Args:
            path: a packed file with a graph, as `ubp export` writes it.
            threads: 1 to 64; results do not depend on it.
            kernel: how pruned layers run: "sparse" by their blocks, "measured" by what is faster here, "dense" filled
                up with zeros, "abp" or "ubp" by the code for aligned blocks or for blocks at any row.
            winograd: dense 3x3 layers of stride 1 may run by Winograd where that is faster. It keeps transformed
                weights (`memory.prepared`) and rounds a little more.

        Raises:
            UbpError: an option that can't be used.
            FileError: the file can't be read, breaks a rule of the format, or holds layers alone.
        """
        if not isinstance(kernel, str) or kernel not in KERNELS:
            raise UbpError(f"kernel: {kernel!r} is unknown; choose from {', '.join(KERNELS)}")
        return cls(OpenNetwork(file_path(path), thread_count(threads), KERNELS.index(kernel), winograd))

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees memory and map; the network can't run afterwards."""
        self._opened.close()

    @property
    def inputs(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the inputs, [batch, channels, height, width]."""
        return self._opened.inputs

    @property
    def outputs(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the outputs."""
        return self._opened.outputs

    @property
    def steps(self) -> tuple[NetworkStep, ...]:
        """What runs, in its order."""
        return self._opened.steps

    @property
    def memory(self) -> NetworkMemory:
        """Bytes that the network holds."""
        return self._opened.memory()

    def run(self, *inputs: NDArray[Any]) -> NDArray[np.float32] | tuple[NDArray[np.float32], ...]:
        """Runs once.

        Args:
            inputs: an array for each input; of a network for one image the batch may be left out. NaN and infinities
                go through as in torch, but for weights that were pruned away: those multiply nothing.

        Returns:
            float32 array of the output's shape, or a tuple of them where the network has several.

        Raises:
            UbpError: an input does not fit, or holds something else than real numbers; the line says how.
            FileError: the file has changed since it was loaded, in place; no result is given then.
        """
        outputs = self._opened.run(self._fitting(inputs))
        return outputs[0] if len(outputs) == 1 else outputs

    def profile(self, *inputs: NDArray[Any]) -> NDArray[np.int64]:
        """Runs once and returns nanoseconds [steps]; for real figures use `ubp bench`."""
        return self._opened.profile(self._fitting(inputs))

    def _fitting(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[np.float32]]:
        if not self._opened.inputs:
            raise UbpError("the network has been closed")
        if len(inputs) != len(self.inputs):
            raise UbpError(f"the network has {len(self.inputs)} inputs; got {len(inputs)}")
        return [self._fit(index, float_array(given, f"input {index}")) for index, given in enumerate(inputs)]

    def _fit(self, index: int, given: NDArray[np.float32]) -> NDArray[np.float32]:
        wanted = self.inputs[index]
        if given.shape != wanted and (1, *given.shape) != wanted:
            raise UbpError(f"input {index}: need shape {list(wanted)}; got {list(given.shape)}")
        return np.ascontiguousarray(given.reshape(wanted))


def file_path(given: Any) -> Path:
    """A path that the system can open.

    Raises:
        UbpError: it is none.
    """
    try:
        path = Path(given)
    except TypeError:
        raise UbpError(f"path: need the path of a file; got {given!r}") from None
    if "\0" in str(path):
        raise UbpError(f"path: {str(path)!r} holds a zero character")
    return path
