#: Each is a program of its own that prints its results as JSON, with a section of RESULTS.md beside it. In their order.
BENCHES = (
    *("cycles", "statements", "strategies", "proof", "day", "old", "audit", "replica"),
    *("push", "crowd", "doors", "webs", "desks", "memory", "activity"),
)
