"""The labelling dock and its map tools."""
