"""What a reader sees: worked out from the resolved facts for one viewpoint and one moment."""
