"""The Processing provider: one algorithm a file, parameters in, a run folder out, layers back."""
