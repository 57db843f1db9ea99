"""The configuration: its shapes, how a file becomes one, and every complaint about it."""
