"""What worker threads compute: plain functions on numpy. No Textual."""
