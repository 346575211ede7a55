#: Each is a program of its own that prints its results as JSON, with a section of RESULTS.md beside it. In their order.
BENCHES = ("cycles", "strategies", "audit", "replica", "push", "doors", "activity", "proof")
