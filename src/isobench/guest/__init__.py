"""What runs inside an instance, and the host's end of the line to it."""
