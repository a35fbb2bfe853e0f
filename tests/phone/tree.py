"""Builds the Android-like tree of a phone: /system/bin, /data/local/tmp, /sys, /proc, getprop, dumpsys.

Runs inside the phone's namespaces as their root; the tree is a tmpfs that goes with them.
"""

from __future__ import annotations

import os
from pathlib import Path

from phone.model import CpuCluster, PhoneModel
from phone.namespaces import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, mount

SHELL_ID = 2000
"""Android's user and group `shell`."""
SHELL = "/usr/bin/mksh"
TOYBOX = "/usr/bin/toybox"
QEMU = "/usr/bin/qemu-aarch64"
APPLETS = (
    "cat chmod cp cut date df dirname du echo env false find grep head id kill ls mkdir mv nproc pgrep pidof pkill ps "
    "realpath rm rmdir sed setsid sha1sum sha256sum sleep sort stat tail taskset tee test "
    "timeout touch tr true uname wc xargs"
)
AARCH64_ELF = rb"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
AARCH64_MASK = rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"

GETPROP = """#!/system/bin/sh
while IFS='=' read -r key value; do
    if [ -z "$1" ]; then print -r -- "[$key]: [$value]"
    elif [ "$1" = "$key" ]; then print -r -- "$value"; exit
    fi
done < /system/build.prop
[ -n "$1" ] && echo
exit 0
"""


def build_tree(root: Path, model: PhoneModel) -> None:
    """Mounts and fills everything below `root`."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", str(root), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=8m")
    for folder in ("system/bin", "data", "dev", "proc", "sys", "usr", "tmp", "sdcard"):
        (root / folder).mkdir(parents=True)
    mount("/usr", str(root / "usr"), flags=MS_BIND)
    for name in ("lib", "lib64", "bin"):
        (root / name).symlink_to(f"usr/{name}" if name != "bin" else "system/bin")
    for name in ("null", "zero", "random", "urandom"):
        (root / "dev" / name).touch()
        mount(f"/dev/{name}", str(root / "dev" / name), flags=MS_BIND)
    mount("proc", str(root / "proc"), "proc")
    build_data(root, model)
    build_system(root, model)
    build_sensors(root, model)
    if "arm64-v8a" in model.abis:
        register_qemu(root)


def build_data(root: Path, model: PhoneModel) -> None:
    flags = MS_NOSUID | MS_NODEV | (MS_NOEXEC if model.data_noexec else 0)
    mount("tmpfs", str(root / "data"), "tmpfs", flags, f"mode=771,size={model.data_bytes}")
    folder = root / "data/local/tmp"
    folder.mkdir(parents=True)
    os.chown(folder, SHELL_ID, SHELL_ID)
    folder.chmod(0o771)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def build_system(root: Path, model: PhoneModel) -> None:
    programs = root / "system/bin"
    (programs / "sh").symlink_to(SHELL)
    (programs / "toybox").symlink_to(TOYBOX)
    for applet in APPLETS.split():
        (programs / applet).symlink_to(TOYBOX)
    write(root / "system/build.prop", "".join(f"{key}={value}\n" for key, value in model.properties().items()))
    write(programs / "getprop", GETPROP, 0o755)
    battery = (
        f"Current Battery Service state:\n  USB powered: true\n  level: {model.battery_percent}\n  temperature: 289\n"
    )
    write(programs / "dumpsys", f'#!/system/bin/sh\n[ "$1" = battery ] && print -rn -- "{battery}"\n', 0o755)


def build_sensors(root: Path, model: PhoneModel) -> None:
    zones = root / "sys/class/thermal"
    write(zones / "thermal_zone0/type", "battery\n")
    write(zones / "thermal_zone0/temp", "28900\n")
    write(zones / "thermal_zone1/type", "cpu-0-0-usr\n")
    write(zones / "thermal_zone1/temp", f"{model.temperature_millic}\n")
    count = 1 + max(cluster.last for cluster in model.clusters)
    cpus = root / "sys/devices/system/cpu"
    for name in ("possible", "present", "online"):
        write(cpus / name, f"0-{count - 1}\n")
    for cluster in model.clusters:
        for cpu in range(cluster.first, cluster.last + 1):
            build_cpu(cpus / f"cpu{cpu}", cluster)
    text = "".join(
        cpuinfo(cpu, cluster) for cluster in model.clusters for cpu in range(cluster.first, cluster.last + 1)
    )
    write(root / "system/cpuinfo", text)
    mount(str(root / "system/cpuinfo"), str(root / "proc/cpuinfo"), flags=MS_BIND)


def build_cpu(folder: Path, cluster: CpuCluster) -> None:
    clock = folder / "cpufreq"
    write(clock / "cpuinfo_max_freq", f"{cluster.max_khz}\n")
    write(clock / "cpuinfo_min_freq", "300000\n")
    write(clock / "scaling_cur_freq", f"{cluster.max_khz}\n")
    write(clock / "scaling_governor", f"{cluster.governor}\n")
    write(clock / "related_cpus", " ".join(map(str, range(cluster.first, cluster.last + 1))) + "\n")


def cpuinfo(cpu: int, cluster: CpuCluster) -> str:
    return (
        f"processor\t: {cpu}\nBogoMIPS\t: 38.40\nFeatures\t: fp asimd aes crc32 atomics fphp asimdhp asimddp\n"
        f"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {cluster.part:#x}\n"
        f"CPU revision\t: 0\n\n"
    )


def register_qemu(root: Path) -> None:
    """ARM64 programs run under qemu-user, in this user namespace only (Linux 6.7 and newer)."""
    folder = root / "proc/sys/fs/binfmt_misc"
    mount("binfmt_misc", str(folder), "binfmt_misc")
    rule = b":aarch64:M::" + AARCH64_ELF + b":" + AARCH64_MASK + b":" + QEMU.encode() + b":F"
    with open(folder / "register", "wb", buffering=0) as stream:
        stream.write(rule)
