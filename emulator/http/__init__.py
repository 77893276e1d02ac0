"""HTTP in the emulator: signed webhooks, and what carries them."""
