"""TaskRouter asks and tells: assignments and events."""
