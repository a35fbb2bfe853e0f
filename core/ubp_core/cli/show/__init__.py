"""`ubp show`: the command and the tables of a packed network."""
