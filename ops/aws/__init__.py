"""AWS for the operator's commands."""
