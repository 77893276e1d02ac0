"""Small applications as others write them for TaskRouter: each plays one pattern, and knows nothing of the emulator."""
