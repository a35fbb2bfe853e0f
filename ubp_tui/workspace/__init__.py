"""The model of what is open: what was chosen, what is known. No Textual, no thread, no disk."""
