"""Packed layers and networks: from a weight and its blocks to a file that kernels run from, and back.

Begin with `layer` (`PackedLayer`, the value), `packing` (makes one) and `file` (`PackedFile`, which loads and saves).
`format` has the numbers of docs/format.md; `graph` is how layers are joined to a network; `reader` and `writer` turn
bytes into both and back. Imports go downward, in the order that pyproject.toml has.
"""
