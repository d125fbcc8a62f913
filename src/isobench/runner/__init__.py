"""Carrying out a plan: one sample after another, knowing nothing of Docker or libvirt."""
