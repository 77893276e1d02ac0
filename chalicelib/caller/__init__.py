"""The caller's leg: what happens on it, and what the caller hears."""
