"""Ratings on their way to the store: who was at the window, what looks odd, how often a service was rated.

Read in this order: `flags` (pure), `services` (kept beside the database), `completing`, `inviting`.
"""
