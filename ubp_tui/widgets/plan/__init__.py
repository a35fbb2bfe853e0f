"""Widgets of the dialogs that decide and take away."""
