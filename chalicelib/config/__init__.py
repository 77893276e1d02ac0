"""What the team, the stage and the secret decide, as typed values."""
