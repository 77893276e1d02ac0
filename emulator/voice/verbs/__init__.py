"""The TwiML verbs, a module each."""
