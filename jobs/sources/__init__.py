"""From the project's layers to a run: what is chosen, what is known of it, what is wrong with it, and its files."""
