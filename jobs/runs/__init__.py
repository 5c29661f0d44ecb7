"""All runs on disk, as a person sees them: their state, the waiting list, start and stop, archives. No widgets."""
