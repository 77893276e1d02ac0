"""All of Cordboard that runs in Lambda."""
