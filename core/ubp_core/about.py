"""What `--version` and the app say of the program that runs. Waits for git in a clone; loads no numpy and no torch."""

from __future__ import annotations

import platform
import sys

from ubp_core.errors import BuildError
from ubp_core.installation import binaries
from ubp_core.installation.origin import UNKNOWN, Origin, find_origin
from ubp_core.native import library

SHORT = 12
"""Digits of a commit that are shown."""


def about_lines() -> list[tuple[str, str]]:
    """Names and texts: commit, platform, native library, and how it was installed."""
    origin = find_origin()
    return [
        ("commit", describe_commit(origin.commit)),
        ("platform", describe_platform()),
        ("library", describe_library()),
        ("installed", describe_origin(origin)),
    ]


def describe_commit(commit: str) -> str:
    """A commit, shortened: 0123456789ab, modified."""
    digits, _, rest = commit.partition(" ")
    return commit if commit == UNKNOWN else f"{digits[:SHORT]}{rest and f', {rest}'}"


def describe_platform() -> str:
    """linux x86_64, Python 3.11.7."""
    return f"{sys.platform} {platform.machine()}, Python {platform.python_version()}"


def describe_library() -> str:
    """The native library's path and interface, or why there is none."""
    path = binaries.LIBRARY
    if not path.exists():
        return f"missing: {path}; {library.REBUILD}"
    try:
        library.library()
    except BuildError as error:
        return f"{path}: {error}"
    return f"{path}, interface {library.ABI_VERSION}"


def describe_origin(origin: Origin) -> str:
    """Whether it is from a wheel or a clone."""
    return {"clone": "clone", "sources": "unpacked sources", "wheel": "wheel"}[origin.kind] + f", {origin.folder}"
