"""Opens torch's libraries before Python does: it holds the interpreter while a library is opened, 0.4 s for these."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

LIBRARIES = {"linux": "libtorch.so", "darwin": "libtorch.dylib"}
"""Draws in everything of torch that knows no Python, by platform; elsewhere the import does it all."""


def open_torch_libraries() -> bool:
    """Open the libraries through a foreign function call, which lets other threads run meanwhile.

    Nothing depends on it: where it fails the import opens them, and explains what is wrong.

    Returns:
        Whether they were opened.
    """
    if sys.platform == "win32" or "torch" in sys.modules:
        return False
    name = LIBRARIES.get(sys.platform)
    found = importlib.util.find_spec("torch")
    folders = found.submodule_search_locations if found is not None else None
    if name is None or not folders:
        return False
    # Without RTLD_GLOBAL: which symbols become common to all is torch's own affair.
    open_library = ctypes.CDLL(None).dlopen
    open_library.argtypes, open_library.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    return bool(open_library(os.fsencode(Path(folders[0]) / "lib" / name), os.RTLD_NOW))
