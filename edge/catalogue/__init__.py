"""The `data` of events by domain, where `edge/payloads.py` would grow too long; it lists them all. Pure."""
