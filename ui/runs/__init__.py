"""The runs dock."""
