"""The Processing provider: parameters in, a run folder out, layers back."""
