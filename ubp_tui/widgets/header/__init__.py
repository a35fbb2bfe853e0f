"""The top line: which model is shown, and where its weights come from."""
