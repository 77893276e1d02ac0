"""The signalling of the voice library for browsers: a phone that is a page, without its sound."""
