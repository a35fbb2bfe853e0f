"""A test phone: an adb device endpoint on the loopback that a real adb server connects to.

Each phone lives in user, mount and PID namespaces of its own, with an Android-like tree and Android's own shell and
tools (mksh, toybox). Pushed ARM64 programs run under qemu-user through a binfmt_misc of that namespace. Nothing is
registered on the host, and when the phone's process ends, its programs and mounts are gone with it.
"""
