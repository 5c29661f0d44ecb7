"""Accuracy tables: methods and baselines on held-out ground, over seeds."""
