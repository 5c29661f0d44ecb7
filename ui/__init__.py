"""Windows: one widget a file; what they decide lives in `jobs`."""
