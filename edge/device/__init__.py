"""One device in the daemon: its Link, its thread, its health."""
