"""A province on this machine: NATS cluster, PostgreSQL, workers, halls; one node and one worker are killed.

    python -m tests.scale.province --halls 1000 --events 1000

prints one JSON line: what the halls sent, what the books hold, lost, double, and how fast.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from tests import nats, postgres
from tests.broker import HOST
from tests.scale import costs
from tests.scale.sealed import COUNTY

APP = "count"
STOP_S = 30.0


@dataclass(frozen=True)
class Shape:
    """How large it is. events: of each hall. processes: for the halls. limit: seconds. qos: of receipts."""

    halls: int = 1000
    events: int = 1000
    batch: int = 200
    workers: int = 2
    processes: int = 2
    limit: float = 900.0
    qos: int = 0
    kill: bool = True

    @property
    def total(self) -> int:
        return self.halls * self.events

    @property
    def names(self) -> list[str]:
        return [f"{COUNTY}/h{number}" for number in range(1, self.halls + 1)]


class Worker:
    """`hall-edge consume` in a process of its own."""

    def __init__(self, province: "Province") -> None:
        folder, nodes = province.folder, province.cluster.nodes
        self.log = folder / f"worker-{len(list(folder.glob('worker-*')))}.log"
        password = folder / "password"
        password.write_text(nats.PASSWORD)
        options = {
            "app": APP,
            "database": province.url,
            "database-password-file": province.books.password_file,
            "nats": province.cluster.url,
            "host": ",".join(f"{HOST}:{node.mqtt_port}" for node in nodes),
            "user": APP,
            "password-file": password,
        }
        self.spent = 0.0
        command = [sys.executable, "-m", "edge.cli", "consume", *_words(options)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)

    def kill(self) -> None:
        self.spent = costs.seconds(self.process.pid) or self.spent
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Its exit code after SIGTERM."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


class Province:
    """All of it. `url` names the books."""

    def __init__(self, folder: Path, books: postgres.Cluster, url: str, halls: Iterable[str]) -> None:
        self.folder, self.books, self.url = folder, books, url
        self.cluster = nats.Cluster(folder / "nats", halls)
        self.workers: list[Worker] = []

    def __enter__(self) -> "Province":
        self.cluster.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()
        self.cluster.__exit__()

    def work(self) -> Worker:
        """One more worker."""
        self.workers.append(Worker(self))
        return self.workers[-1]

    def halls(self, first: int, count: int, shape: Shape) -> subprocess.Popen[bytes]:
        """A process with so many halls."""
        brokers = ",".join(f"{HOST}:{node.mqtt_port}" for node in self.cluster.nodes)
        options = {"brokers": brokers, "app": APP, "first": first, "halls": count}
        options |= {"events": shape.events, "batch": shape.batch, "limit": shape.limit, "qos": shape.qos}
        command = [sys.executable, "-m", "tests.scale.halls", *_words(options)]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    def speaker(self) -> Worker | None:
        """The worker that holds the lease."""
        for (holder,) in self._ask("SELECT holder FROM leases WHERE until > clock_timestamp()"):
            pid = int(str(holder).split(":")[1])
            return next((worker for worker in self.workers if worker.process.pid == pid), None)
        return None

    def wait(self) -> None:
        """Until a worker speaks; by then the stream is there."""
        deadline = time.monotonic() + STOP_S
        while self.speaker() is None and time.monotonic() < deadline:
            time.sleep(0.1)

    def counted(self) -> int:
        """How many events are in the books without a gap now."""
        rows = self._ask("SELECT coalesce(sum(upto), 0) FROM ledgers")
        return int(str(rows[0][0])) if rows else 0

    def spent(self) -> dict[str, float]:
        """CPU seconds so far, but for a node that was killed."""
        workers = sum(costs.seconds(worker.process.pid) or worker.spent for worker in self.workers)
        nodes = sum(costs.seconds(node.process.pid) for node in self.cluster.nodes if node.process)
        return {"workers": workers, "nats": nodes, "postgres": costs.seconds(self.books.pid)}

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        with self.books.connect(self.url) as db, contextlib.suppress(psycopg.errors.UndefinedTable):
            return db.execute(query).fetchall()
        return []


def _words(options: dict[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]


def run(province: Province, shape: Shape) -> dict[str, object]:
    """Let all halls deliver; after a quarter a node dies, after half of it the worker that speaks."""
    for _ in range(shape.workers):
        province.work()
    province.wait()
    began, share = time.monotonic(), shape.halls // shape.processes
    crowd = [province.halls(1 + n * share, share, shape) for n in range(shape.processes)]
    kills, marks = _kills(province), [shape.total // 4, shape.total // 2] if shape.kill else []
    while any(process.poll() is None for process in crowd) and time.monotonic() < began + shape.limit + 60:
        if marks and province.counted() >= marks[0]:
            marks.pop(0)
            next(kills)
        time.sleep(0.1)
    seconds, spent = time.monotonic() - began, province.spent()
    if any(process.poll() != 0 for process in crowd):
        print(
            *(worker.log.read_text()[-2000:] for worker in province.workers), sep="\n---\n", file=sys.stderr
        )
    told = [json.loads((process.communicate()[0] or b"{}").decode()) for process in crowd]
    done = sum(each["upto"] for each in told)
    return {
        **held(province, shape.total),
        **{name: sum(each[name] for each in told) for name in told[0] if name != "seconds"},
        "killed": 2 - len(marks) if shape.kill else 0,
        "seconds": round(seconds, 1),
        "events_per_s": round(done / seconds),
        "cpu_us_per_event": {name: round(cpu / max(1, done) * 1e6, 1) for name, cpu in spent.items()},
        "load": round(os.getloadavg()[0], 1),
    }


def held(province: Province, sent: int) -> dict[str, int]:
    """Lost and double by what stands in the bodies, not by the keys that the consumer checks."""
    query = """
        SELECT count(*), count(DISTINCT (source, fact)) FROM (
            SELECT source, coalesce(body::json #>> '{data,native_key}', epoch) AS fact FROM events) AS facts
    """
    with province.books.connect(province.url) as db:
        db.execute("SET work_mem = '512MB'")
        row = db.execute(query).fetchone()
    assert row is not None
    rows, facts = int(str(row[0])), int(str(row[1]))
    return {"sent": sent, "held": rows, "lost": sent - facts, "double": rows - facts}


def _kills(province: Province) -> Iterator[None]:
    node = province.cluster.nodes[0]
    node.kill()
    yield
    speaker = province.speaker() or province.workers[0]
    speaker.kill()
    node.start()
    province.work()
    yield


@contextlib.contextmanager
def built(shape: Shape) -> Iterator[Province]:
    """A province with books that a server for it would have, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="hall-edge-province-"))
    try:
        with (
            postgres.Cluster(postgres.GENEROUS) as books,
            Province(folder, books, books.schema(), shape.names) as province,
        ):
            yield province
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in asdict(Shape()).items():
        if name != "kill":
            parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--no-kill", dest="kill", action="store_false")
    shape = Shape(**vars(parser.parse_args()))
    with built(shape) as province:
        print(json.dumps(run(province, shape)), flush=True)


if __name__ == "__main__":
    main()
