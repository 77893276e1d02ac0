"""Twilio on the laptop: voice, TaskRouter, signed webhooks and REST, driven by one event scheduler."""
