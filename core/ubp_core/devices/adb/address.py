"""Reads addresses of adb servers as people and adb write them: HOST[:PORT], IPv6, sockets. Opens nothing."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

from ubp_core.devices.errors import UnknownDevice

PORT_DIGITS = 5
LOCAL_KINDS = {"local": "", "localfilesystem": "", "localabstract": "\0"}
"""Kinds of local sockets in adb's words, and what Python puts in front of their names."""


def parse_port(text: str, label: str) -> int:
    """A port number.

    Args:
        label: where the text is from.

    Raises:
        UnknownDevice: it is none.
    """
    if text.isascii() and text.isdecimal() and len(text) <= PORT_DIGITS and 0 < int(text) < 65536:
        return int(text)
    raise UnknownDevice(f"{label}: {text!r} is no port number; write HOST:PORT")


def split_address(text: str, label: str) -> tuple[str, int | None]:
    """Host and port (None where there is none) of HOST, HOST:PORT, [IPV6], [IPV6]:PORT, IPV6 or IPV6:PORT.

    Without brackets, a last number that can be a port is one: ::1:6604 is port 6604 of ::1.

    Raises:
        UnknownDevice: it is no address.
    """
    if found := re.fullmatch(r"\[(?P<host>[^\[\]]+)\](:(?P<port>.*))?", text):
        if not is_ipv6(found["host"]):
            raise UnknownDevice(f"{label}: {found['host']!r} is no IPv6 address; write [IPV6]:PORT or HOST:PORT")
        return found["host"], None if found["port"] is None else parse_port(found["port"], label)
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, None
    if ":" not in host or (is_ipv6(host) and port.isdecimal()):
        return host, parse_port(port, label)
    if is_ipv6(text):
        return text, None
    raise UnknownDevice(f"{label}: {text!r} is no address; write HOST:PORT or [IPV6]:PORT")


def is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address."""
    try:
        IPv6Address(text)
        return True
    except AddressValueError:
        return False


def read_specification(text: str, label: str) -> tuple[str, int | None, str]:
    """Host, port (None where there is none) and path of a socket in adb's words; host or path is empty.

    Args:
        text: tcp:PORT, tcp:HOST:PORT, tcp:[IPV6]:PORT, local:PATH, localfilesystem:PATH or localabstract:NAME.
        label: where the text is from.

    Raises:
        UnknownDevice: it is none of these.
    """
    kind, _, rest = text.partition(":")
    if kind == "tcp" and rest:
        return ("127.0.0.1", parse_port(rest, label), "") if rest.isdecimal() else (*split_address(rest, label), "")
    if kind in LOCAL_KINDS and rest:
        return "", None, LOCAL_KINDS[kind] + rest
    raise UnknownDevice(f"{label}: {text!r} can't be used; write tcp:HOST:PORT or localfilesystem:PATH")
