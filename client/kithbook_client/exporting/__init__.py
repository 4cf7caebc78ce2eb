"""Exporting: what a home holds, in forms that others read."""
