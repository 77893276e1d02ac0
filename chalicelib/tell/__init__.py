"""Telling people what has happened on their lines: what is kept until it is told, and the words."""
