"""YAML files that people write: read strictly, every error with file, line and field, and written readably.

Plans, sessions and training configurations are read with `fields` (a reader per field) or with `sections` (dataclasses,
by the types of their fields), and written with `text`. Nothing in a file can build anything but plain values.
"""
