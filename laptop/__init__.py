"""The whole system on one machine: the package on a local AWS, the emulator as Twilio, scenarios to play on both."""
