"""The whole system on one machine: the package on a local AWS, the emulator as Twilio, stories to play on both."""
