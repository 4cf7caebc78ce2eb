"""The sync service, its views and its web page: `kithd`."""
