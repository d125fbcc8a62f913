"""Targets: one small adapter a kind behind one protocol (see ``base``)."""
