"""A consumer's databases as older releases left them, as SQL."""
