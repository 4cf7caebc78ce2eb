"""One replica of a book and its command line, `kith`."""
