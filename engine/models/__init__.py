"""Networks: encoders, neck, heads, and the multi-task network."""
