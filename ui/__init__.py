"""Windows; what they decide lives in `jobs`."""
