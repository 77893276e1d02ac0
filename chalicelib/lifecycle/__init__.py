"""How things end, and what makes sure that they do."""
