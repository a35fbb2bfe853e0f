"""What the first key presses would have to wait for otherwise, done before anybody presses one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

WIDE: Final = "\u3042"
"""A character whose width is looked up in a table; that of Latin letters is known without it."""
THREADS: Final = 6
"""Workers that may run at the same time before another thread has to be started."""


def prepare_drawing() -> None:
    """Import what Textual and Rich put off until the first picture: scroll bars, the table of widths; 25 ms."""
    import textual.scrollbar  # noqa: F401
    from rich.cells import cell_len

    cell_len(WIDE)


def start_threads() -> None:
    """Start the threads of the running event loop's workers: whoever starts one later waits up to 20 ms for it."""
    executor = ThreadPoolExecutor(4 * THREADS, thread_name_prefix="worker")
    asyncio.get_running_loop().set_default_executor(executor)
    together = Barrier(THREADS)
    for _ in range(THREADS):
        executor.submit(together.wait)
