"""Callbacks: a caller who waits leaves the queue, keeps the place in it, and is called back by a worker."""
