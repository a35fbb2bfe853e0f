"""Block maps as cells: pure functions on numpy."""
