"""The block map: viewport, widget and read-out."""
