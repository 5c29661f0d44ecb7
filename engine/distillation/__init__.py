"""Losses as pure functions; formulas in docs/methods.md."""
