"""TaskRouter asks and tells: its assignment callbacks and its events."""
