"""The messages that callers left, in the team's own bucket."""
