"""Drawing without widgets: arrays and texts in, pixels, strips and texts out. Nothing here knows an app or a screen."""
