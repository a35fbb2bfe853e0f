"""Objects that were compiled before, by their content: a second clone compiles next to nothing.

Run by ninja in front of every compiler: `python object_cache.py VERSION COMPILER ... -MF DEPFILE -c SOURCE -o OBJECT`.
What decides about an object is the compiler (VERSION), its arguments, the source and every header of ours; paths of the
clone and of its environment don't. A cache that can't be read or written is none.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from building.places import ROOT, object_cache

LIMIT_BYTES: Final = 1 << 30
"""What the cache keeps: about thirty builds of everything."""
_HEADER_SETS: Final = 8
"""How many states of the headers one source is remembered with."""


@dataclass(frozen=True)
class Job:
    """One call of a compiler."""

    version: str
    command: tuple[str, ...]
    source: Path
    output: Path
    depfile: Path

    def key(self) -> str:
        """Of everything but the headers."""
        outputs = {str(self.output), str(self.depfile), str(self.source)}
        # The environment may lie in the clone; its packages lie in a folder named after its Python.
        packages = sysconfig.get_path("purelib", vars={"base": sys.prefix})
        places = (
            (sys.executable, "<python>"),
            (packages, "<packages>"),
            (sys.prefix, "<environment>"),
            (str(ROOT), "<clone>"),
        )
        words = [word for word in self.command if word not in outputs]
        text = "\0".join([self.version, self.source.suffix, *words])
        for place, name in places:
            text = text.replace(place, name)
        return _digest(text.encode() + b"\0" + self.source.read_bytes())

    def headers(self) -> list[Path]:
        """The files that the compiler read beside the source."""
        words = self.depfile.read_text(encoding="utf-8").replace("\\\n", " ").split()
        return [Path(word) for word in words[2:]]


def parse_job(words: list[str]) -> Job:
    """A command line of ninja's."""
    version, *command = words
    after = {flag: Path(command[command.index(flag) + 1]) for flag in ("-c", "-o", "-MF")}
    return Job(version, tuple(command), after["-c"], after["-o"], after["-MF"])


class ObjectCache:
    """A folder with a file per key, that names objects by the headers they were made with."""

    def __init__(self, folder: Path) -> None:
        """Args: the folder, which is made when something is kept."""
        self._folder = folder

    def find(self, job: Job) -> bool:
        """Puts object and depfile where the compiler would; False where nothing fits."""
        for entry in self._entries(job.key()):
            if all(_digest_of(_place(name)) == digest for name, digest in entry["headers"]):
                kept = self._object(entry["object"])
                made = kept.read_bytes()
                if _digest(made) != entry["object"]:
                    continue
                os.utime(kept)
                job.output.write_bytes(made)
                names = " ".join(str(_place(name)) for name, _ in entry["headers"])
                job.depfile.write_text(f"{job.output}: {job.source} {names}\n", encoding="utf-8")
                return True
        return False

    def keep(self, job: Job) -> None:
        """Takes in what the compiler made."""
        made = job.output.read_bytes()
        key, digest = job.key(), _digest(made)
        headers = [(_name(header), _digest_of(header)) for header in job.headers()]
        entries = [{"headers": headers, "object": digest}, *self._entries(key)]
        _write(self._object(digest), made)
        _write(self._index(key), json.dumps(entries[:_HEADER_SETS]).encode())

    def prune(self, limit: int = LIMIT_BYTES) -> None:
        """Removes what was not used for longest, above a limit in bytes."""
        files = sorted(((entry.stat(), entry) for entry in self._files()), key=lambda pair: -pair[0].st_mtime)
        total = 0
        for facts, path in files:
            total += facts.st_size
            if total > limit:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.rglob("*") if path.is_file())

    def _entries(self, key: str) -> list[dict[str, str]]:
        """What is known of a key."""
        index = self._index(key)
        with suppress(FileNotFoundError, ValueError):
            found: list[dict[str, str]] = json.loads(index.read_bytes())
            return [entry for entry in found if self._object(entry["object"]).exists()]
        return []

    def _index(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"

    def _object(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.o"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(path: Path) -> str:
    """Of a file's content; of a file that is gone, nothing that any file has."""
    return _digest(path.read_bytes()) if path.exists() else ""


def _name(header: Path) -> str:
    """A header, wherever the clone lies."""
    resolved = header.resolve()
    return resolved.relative_to(ROOT).as_posix() if resolved.is_relative_to(ROOT) else str(resolved)


def _place(name: str) -> Path:
    """The header of that name, here."""
    return ROOT / name


def _write(path: Path, data: bytes) -> None:
    """In one step: other builds read at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    os.replace(made, path)


def main() -> int:
    """Take the object out of the cache, or compile and keep it."""
    job, cache = parse_job(sys.argv[1:]), ObjectCache(object_cache())
    with suppress(OSError):
        if cache.find(job):
            return 0
    code = subprocess.call(job.command)
    if code == 0:
        with suppress(OSError):
            cache.keep(job)
    return code


if __name__ == "__main__":
    sys.exit(main())
