#: Each is a program of its own that prints its results as JSON, with a section of RESULTS.md beside it. In their order.
BENCHES = (
    *("cycles", "statements", "strategies", "proof", "day", "old", "audit", "replica"),
    # Whoever comes after `doors` finds long lines, which make the desk's page slow.
    *("desks", "memory", "push", "crowd", "doors", "webs", "activity"),
)
