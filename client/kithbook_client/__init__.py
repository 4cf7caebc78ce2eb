"""One replica and its command line, `kith`."""

__version__ = "0.1.0"
