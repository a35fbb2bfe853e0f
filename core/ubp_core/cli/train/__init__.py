"""`ubp train`: the command and its progress."""
