"""Programmable Voice: calls, TwiML, queues and the people on the phones."""
