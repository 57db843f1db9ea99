"""The status page in a real browser and over real sockets."""
