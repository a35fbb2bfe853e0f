"""Devices are tested against a real adb server and test phones."""

from phone.fixtures import actor, adb_server, address, client, start_phone  # noqa: F401
