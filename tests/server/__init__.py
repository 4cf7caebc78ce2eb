"""The server: what it keeps, what it refuses, and how it is asked."""
