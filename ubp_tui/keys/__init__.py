"""Every key of the app: one registry, and what Textual and the command palette make of it."""
