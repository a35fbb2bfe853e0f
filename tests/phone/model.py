"""What a test phone is: its properties, processor clusters, sensors and faults. Values only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class CpuCluster:
    """Cores of one kind."""

    first: int
    last: int
    max_khz: int
    part: int
    """CPU part number of /proc/cpuinfo, such as 0xd05 of a Cortex-A55."""
    governor: str = "schedutil"


@dataclass(frozen=True)
class PhoneModel:
    """A phone to start."""

    model: str = "Test Phone 7"
    device: str = "testphone"
    soc_maker: str = "Testcom"
    soc: str = "TC8550"
    android: str = "14"
    sdk: int = 34
    abis: str = "arm64-v8a,armeabi-v7a,armeabi"
    clusters: tuple[CpuCluster, ...] = (
        CpuCluster(0, 3, 1_804_800, 0xD05),
        CpuCluster(4, 6, 2_419_200, 0xD41),
        CpuCluster(7, 7, 2_841_600, 0xD44),
    )
    temperature_millic: int = 31_500
    battery_percent: int = 83
    emulator: bool = False
    """An emulator of the Android SDK: ro.kernel.qemu is set."""
    features: str = "shell_v2,cmd,stat_v2,ls_v2"
    """Features of the banner."""
    authorized: bool = True
    """False: asks for keys for ever, as a phone whose dialog nobody accepts."""
    data_bytes: int = 64 << 20
    """Size of /data."""
    data_noexec: bool = False
    """/data refuses to execute, as /sdcard does."""
    shell_delay_s: float = 0.0
    """Wait before any command starts."""
    extra_properties: dict[str, str] = field(default_factory=dict)

    def properties(self) -> dict[str, str]:
        """What getprop says."""
        found = {
            "ro.product.model": self.model,
            "ro.product.device": self.device,
            "ro.product.name": self.device,
            "ro.product.manufacturer": self.soc_maker,
            "ro.soc.manufacturer": self.soc_maker,
            "ro.soc.model": self.soc,
            "ro.build.version.release": self.android,
            "ro.build.version.sdk": str(self.sdk),
            "ro.product.cpu.abi": self.abis.split(",")[0],
            "ro.product.cpu.abilist": self.abis,
        }
        if self.emulator:
            found["ro.kernel.qemu"] = "1"
        return found | self.extra_properties

    def to_json(self) -> str:
        """For the phone's own process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> PhoneModel:
        """The model that `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        values["clusters"] = tuple(CpuCluster(**cluster) for cluster in values["clusters"])
        return cls(**values)
