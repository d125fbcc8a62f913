"""Load generators that run on the host, beside what well-kept tools offer."""
