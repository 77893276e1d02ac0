"""The operator's commands: words in, words out."""
