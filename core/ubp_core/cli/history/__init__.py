"""`ubp history`: a module per action."""
