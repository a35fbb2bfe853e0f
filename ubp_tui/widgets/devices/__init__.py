"""The list of devices and the facts of the chosen one."""
