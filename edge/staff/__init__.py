"""Staff on terminals: people are put on them, and leavers taken off, by orders that outlive a crash.

Read in this order: `orders` (the rules), `asked` (what may be ordered), `book` (on disk), `telling` (the
events), `courier` (to the drivers and back), `overview` (what people see), `duty` (all of it, each second).
No biometric call of any kind: id, name and card are all that travels.
"""

from edge.staff.book import Book
from edge.staff.duty import Staff

__all__ = ["Book", "Staff"]
