"""The stored layer of resolved facts: free of clock, reader and viewpoint."""
