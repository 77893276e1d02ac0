"""TaskRouter: workspaces, routing, reservations and events."""
