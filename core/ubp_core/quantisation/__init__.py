"""Networks in integers: ranges from pictures, weights rounded by least squares, and the reference that runs the result.

Owns the mathematics of docs/format.md, "Integers". Writes no files, and changes no mask: only kept weights count.
Importing this package is cheap: torch is imported where it is first needed.
"""
