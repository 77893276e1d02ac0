"""People in a browser: who they are, and what they see."""
