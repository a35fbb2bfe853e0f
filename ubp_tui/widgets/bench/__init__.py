"""Results of a benchmark: bars, table, warnings."""
