"""Messaging: texts in and out, their words for opting out, and what becomes of them."""
