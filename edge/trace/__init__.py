"""Where a punch is, or why nowhere."""
