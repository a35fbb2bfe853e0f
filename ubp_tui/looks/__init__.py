"""Themes, glyphs and colours."""
