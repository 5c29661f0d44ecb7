"""Predict this view: an engine that stays warm, what it is asked, and its answers as layers."""
