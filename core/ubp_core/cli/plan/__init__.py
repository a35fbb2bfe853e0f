"""`ubp plan`: the command and its tables."""
