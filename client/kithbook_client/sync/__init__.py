"""Sync: bringing a replica and a server, a folder or a file to the same events."""
