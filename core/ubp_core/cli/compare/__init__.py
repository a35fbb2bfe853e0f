"""`ubp compare`: methods against each other on a grid, or plans."""
