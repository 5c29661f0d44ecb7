"""The training wizard: sources, classes, recipe, check, run; one page a file."""
