"""The page on which a developer sees what the emulator sees, dials, and takes phones."""
