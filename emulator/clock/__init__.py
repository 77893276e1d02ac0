"""Time in the emulator: the scheduler of timers, and programs that wait."""
