"""`ubp bench`: the command, what it packs, what it prints while and after running."""
