#: Each is a program of its own that prints its results as JSON, with a section of RESULTS.md beside it. In their order.
BENCHES = (
    *("cycles", "statements", "strategies", "proof", "day", "old", "audit", "replica"),
    # A hundred rooms more make every desk's page slow: `desks` comes after those who look at one.
    *("doors", "webs", "desks", "memory", "push", "crowd", "activity"),
)
