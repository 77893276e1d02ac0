"""Twilio's two ways of writing a name (pure)."""


def snake_case(name: str) -> str:
    """`CallSid` as `call_sid`: a form's field as the name that JSON and attributes have for it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
