"""What the supervision office types: guestbook, complaints, inspections, and whom to call back.

`typed` reads a form (pure), `entries` stores it through the one path, `pages` and `contacts` show them.
"""
