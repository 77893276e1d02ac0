"""Time in the emulator: the scheduler of events, and programs that wait."""
