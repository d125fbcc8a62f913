"""The report: one self-contained HTML page of a session, made from its samples alone."""
