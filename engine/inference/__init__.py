"""Map-scale prediction with bounded memory."""
