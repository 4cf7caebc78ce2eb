"""The tests of kithbook, and its benchmarks in `tests.bench`."""
