"""The call centre as code: the files, what differs in Twilio, and how the one becomes the other."""
