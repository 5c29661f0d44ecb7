"""The engine's environment as a person meets it: a page, shown by itself, at the first start, and in the settings."""
