"""When lines are open: by the file's hours, and by the switch that closes or opens one at once."""
