"""Phones: the adb server, its list, links to devices, sessions on them."""
