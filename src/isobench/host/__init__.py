"""What isobench knows of, and does on, the host itself: paths, cores, control groups, memory, noise, facts."""
