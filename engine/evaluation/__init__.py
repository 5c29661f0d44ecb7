"""Scores of predicted layers against label layers."""
