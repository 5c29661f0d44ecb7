"""The model packages that are known here, and what is known of them."""
