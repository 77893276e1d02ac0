"""TaskRouter's expression language: read, and evaluated."""
