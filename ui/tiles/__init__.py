"""The window that fetches imagery of a web service."""
