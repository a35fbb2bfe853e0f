"""`ubp devices`: a module per action."""
