"""A procedural aerial world with complete truth."""
