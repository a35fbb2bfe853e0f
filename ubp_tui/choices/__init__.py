"""What the user decides: immutable values. No Textual, no thread, no disk but plan files."""
