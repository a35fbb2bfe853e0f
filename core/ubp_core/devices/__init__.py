"""Where benchmarks run: this machine (`host`), qemu-user (`emulator`), phones (`adb:SERIAL`).

Owns finding devices, their state and facts, and running a program on one. Knows nothing of benchmarks.
Cheap to import: adbutils comes in where it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names

if TYPE_CHECKING:
    from ubp_core.devices.catalogue import list_devices, open_device
    from ubp_core.devices.clusters import Cluster
    from ubp_core.devices.device import Device, Execution, Limits, Session
    from ubp_core.devices.errors import DeviceError, RunCancelled
    from ubp_core.devices.facts import DeviceFacts
    from ubp_core.devices.info import DeviceInfo, DeviceKind, DeviceState
    from ubp_core.devices.watch import DeviceWatch, Phones

_HOMES = {
    "Cluster": "clusters",
    "Device": "device",
    "DeviceError": "errors",
    "DeviceFacts": "facts",
    "DeviceInfo": "info",
    "DeviceKind": "info",
    "DeviceState": "info",
    "DeviceWatch": "watch",
    "Execution": "device",
    "Limits": "device",
    "Phones": "watch",
    "RunCancelled": "errors",
    "Session": "device",
    "list_devices": "catalogue",
    "open_device": "catalogue",
}
__all__ = [
    "Cluster",
    "Device",
    "DeviceError",
    "DeviceFacts",
    "DeviceInfo",
    "DeviceKind",
    "DeviceState",
    "DeviceWatch",
    "Execution",
    "Limits",
    "Phones",
    "RunCancelled",
    "Session",
    "list_devices",
    "open_device",
]

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)
