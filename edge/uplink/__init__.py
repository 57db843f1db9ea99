"""Between the log and the broker: what goes next, over which connection, and what came back."""
