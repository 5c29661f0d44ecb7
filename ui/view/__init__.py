"""Predict this view: the button, and the swipe between what two models say, or the imagery."""
