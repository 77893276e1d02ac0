"""The team's own files: an upgrade of Cordboard leaves this folder alone."""
