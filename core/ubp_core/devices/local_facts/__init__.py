"""Facts of this machine, as its system tells them: what can't be read is left out. No shell takes part."""

from __future__ import annotations

import platform
import sys
from dataclasses import replace

from ubp_core.devices.facts import DeviceFacts

ARM64 = ("arm64", "aarch64")
"""What systems call it."""


def read_local_facts() -> DeviceFacts:
    """Facts of this machine."""
    if sys.platform == "darwin":
        from ubp_core.devices.local_facts.macos import read_facts
    elif sys.platform == "win32":
        from ubp_core.devices.local_facts.windows import read_facts
    else:
        from ubp_core.devices.local_facts.linux import read_facts
    facts, machine = read_facts(), platform.machine()
    return replace(facts, model=platform.node(), soc=facts.soc or platform.processor() or machine, abis=(machine,))


def runs_arm64() -> bool:
    """Whether the kernels for ARM64 run on this machine itself."""
    return platform.machine().lower() in ARM64
