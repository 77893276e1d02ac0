"""Bursts of calls against the package on this machine."""
