"""Sessions on disk: append-only, synced line by line, readable by anyone (docs/results-format.md)."""
