"""Fetching torchvision's weights into the folder that keeps them: patient for seconds, by hash, without half files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.parse import urlparse
from urllib.request import urlopen

from ubp_core.atomic_file import create_file
from ubp_core.errors import ModelError
from ubp_core.process.leftovers import passing_file
from ubp_core.storage.cache import make_folder

TIMEOUT_SECONDS = 10
_CHUNK = 1 << 20
_HASH = re.compile(r"-([0-9a-f]{8,})\.")


def fetch_weights(url: str, name: str, folder: Path, progress: Callable[[str], None]) -> Path:
    """The cached file of an address, downloaded if it isn't there yet.

    Args:
        url: its last part ends in "-<start of the SHA-256>.pth", as torchvision's do.
        name: the network, for the lines shown.
        folder: where it is kept, `ubp_core.storage.folders.weights_folder`.
        progress: gets one line for people now and then.

    Raises:
        CacheError: the folder is in a cache that can't be used.
        ModelError: no connection, an error on the way, a wrong hash; the line offers random weights.
    """
    target = folder / Path(urlparse(url).path).name
    if target.is_file():
        return target
    host = urlparse(url).hostname
    progress(f"downloading the weights of {name}")
    try:
        make_folder(folder)
        with urlopen(url, timeout=TIMEOUT_SECONDS) as reply:
            _save(reply, int(reply.headers.get("Content-Length") or 0), target, name, progress)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(
            f"could not download the weights of {name} from {host} ({reason}): "
            "use --weights random, or --weights FILE with a checkpoint of yours"
        ) from error
    return target


def _save(reply: IO[bytes], size: int, target: Path, name: str, progress: Callable[[str], None]) -> None:
    """Copy a reply into a temporary file beside the target, check it, and move it there."""
    digest = hashlib.sha256()
    with passing_file(target) as temporary:
        with os.fdopen(create_file(temporary), "wb") as file:
            done = 0
            while chunk := reply.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress(f"downloading the weights of {name}: {done / 1e6:.0f} of {max(size, done) / 1e6:.0f} MB")
        if done < size:
            raise ValueError("the connection ended early")
        expected = _HASH.search(target.name)
        if expected and not digest.hexdigest().startswith(expected.group(1)):
            raise ValueError("the file that came has another hash")
        os.replace(temporary, target)
