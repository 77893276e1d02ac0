"""The style and the script of the inspector's page, as they are sent."""
