"""The plot of retained importance over sparsity."""
