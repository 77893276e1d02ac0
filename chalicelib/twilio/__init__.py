"""Twilio: its requests to us, our answers, and its REST API."""
