"""The controls for method, block size and sparsity, and the tabs of the compact layout."""
