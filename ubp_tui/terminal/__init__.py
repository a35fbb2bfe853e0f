"""The terminal and the process around the app: driver, filters, signals, garbage, log."""
