"""What outlives a command: where it lies, how large it is, the cache, and files that can't be used."""
