"""The lines of facts about the selection that is shown."""
