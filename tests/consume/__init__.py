"""The reference consumer: its ledger on its own, and against a real mosquitto."""
