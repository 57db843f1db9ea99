"""ZKTeco terminals by pull (port 4370, TCP or UDP).

Read in this order: `frames` (packets), `records` and `layout` (what stands in them), `parts`, `line` and
`wire` (the conversation), `dataset`, `log` and `reader` (what is new in a log), `commands` (pyzk's short
questions over our wire), `table` and `people` (who is known there), `operations` and `beside` (what else is
asked), `contact` and `driver` (the rounds).
Facts and their sources: protocols §1, §2, §7.
"""

from drivers.zk.driver import Zk

DRIVER = Zk
"""What the daemon loads."""

__all__ = ["DRIVER", "Zk"]
