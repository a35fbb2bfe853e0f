"""The version, where modules below the package's own names can import it."""

__version__ = "0.1.0"
