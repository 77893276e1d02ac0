"""The worker's leg: CRM first, then the phone rings, and what the worker hears."""
