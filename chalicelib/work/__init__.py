"""Work that is no waiting call: a team's own systems order it, and it becomes a task of TaskRouter."""
