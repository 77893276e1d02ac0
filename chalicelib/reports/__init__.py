"""What became of the calls of some days, counted."""
