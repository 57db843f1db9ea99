"""The release, as upstream and people see it."""

VERSION = "0.1.0"
