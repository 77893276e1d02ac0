"""The event bridge of TaskRouter's library for browsers: one WebSocket, and one POST for every action."""
