"""What the daemon does by itself or on order, beside hearing and sending."""
