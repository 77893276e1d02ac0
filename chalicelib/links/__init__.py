"""The link: one worker reserved for one task, and the table that keeps it."""
