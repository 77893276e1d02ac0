"""Speed and price of Cordboard, measured beside what it is held against. `make bench` runs it."""
