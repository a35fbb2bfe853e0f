"""Where the package comes from, what was compiled for it, and how a clone compiles that while others wait for it."""
