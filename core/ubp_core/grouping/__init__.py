"""Blocks of four columns: which columns form a group (`columns`), and which are alike (`likeness`)."""
