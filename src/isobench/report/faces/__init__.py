"""Other faces of sessions than the one page: live, markdown, two or more side by side, PDF."""
