"""The process itself: its streams, the signals that end it, and what must go with it."""
