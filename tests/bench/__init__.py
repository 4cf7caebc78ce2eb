"""Benchmarks: how fast kithbook is, as ratios to what nobody can do without."""
