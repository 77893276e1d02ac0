"""Who calls: what is known of a phone, who is blocked, and how callers are screened."""
