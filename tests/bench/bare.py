"""`python -m tests.bench.bare DATABASE PORT ROWS BATCH`: the limit of a drain, step after step, nothing else.

Reads the rows by plain SQLite and joins them, then publishes these batches by plain paho, in steps that fit
into memory. Prints one JSON object: seconds spent on each. No lane, no receipt, no window that adapts.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.store import sqlite
from tests.bench.measure import seconds
from tests.bench.site import COUNTY, HALL

BATCH = 200
STEP = 100
"""Batches read, then published."""
WINDOW = 16
TOPIC = f"zwdt/v1/{COUNTY}/{HALL}/evt-batch"
SELECT = "SELECT position, body FROM event WHERE position > ? ORDER BY position LIMIT ?"


def main(database: Path, port: int, rows: int, batch: int) -> None:
    """Measure and print."""
    spent = {"read": 0.0, "publish": 0.0}
    client, window = mqtt.Client(CallbackAPIVersion.VERSION2), threading.Semaphore(WINDOW)
    client.on_publish = lambda *_: window.release()
    client.connect("127.0.0.1", port)
    client.loop_start()
    with closing(sqlite.connect_reader(database)) as connection:
        batches = _batches(connection, rows, batch)
        step: list[bytes] = []
        while True:
            step.clear()
            spent["read"] += seconds(lambda: step.extend(islice(batches, STEP)))
            if not step:
                break
            spent["publish"] += seconds(lambda: _publish(client, window, step))
    client.disconnect()
    client.loop_stop()
    print(json.dumps(spent))


def _batches(connection: sqlite.Connection, rows: int, batch: int) -> Iterator[bytes]:
    after, left = 0, rows
    while left > 0:
        found = connection.execute(SELECT, (after, min(batch, left))).fetchall()
        after, left = found[-1][0], left - len(found)
        text = ",".join([body for _, body in found])
        yield (f"[{text}]" if batch > 1 else text).encode()


def _publish(client: mqtt.Client, window: threading.Semaphore, batches: list[bytes]) -> None:
    for each in batches:
        window.acquire()
        client.publish(TOPIC, each, qos=1)
    for _ in range(WINDOW):
        window.acquire()
    window.release(WINDOW)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
