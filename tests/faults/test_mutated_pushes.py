"""G8 for terminals that push: requests mutated anywhere, in head or body, against the real daemon."""

import json
import random
import socket
from contextlib import closing, suppress
from pathlib import Path

import pytest

from drivers.adms.attlog import moment, names
from edge.store import FILE
from edge.store.books import Books
from tests.broker import free_port
from tests.drivers.adms_site import records
from tests.gate import say
from tests.hall import SITE, Daemon, until
from tests.sim.adms.calls import call

GROWTH_MAX_MB = 10.0
CONFIG = (
    SITE
    + """\
[web]
port = 0
[listen]
host = "127.0.0.1"
port = {port}
[device.face-1]
driver = "adms"
serial = "S1"
"""
)
LOG = "/iclock/cdata?SN=S1&table=ATTLOG&Stamp=9999"
OPERATIONS = b"OPLOG 23\t14\t2026-11-20 10:22:40\t0\t0\t0\t0\nUSER PIN=1\tName=x\n"
PHOTO = b"PIN=20150731103012-123.jpg\nSN=1\nsize=4\nCMD=uploadphoto\0\xff\xd8"
SEEDS: list[tuple[str, bytes | None]] = [
    ("/iclock/cdata?SN=S1&options=all&pushver=2.4.1&language=83", None),
    (LOG, records(0, 5)),
    (f"{LOG}&Count=1&PackCnt=1&PackIdx=1&CmdId=239", records(0, 1)),
    ("/iclock/cdata?SN=S1&table=OPERLOG&Stamp=9999", OPERATIONS),
    ("/iclock/cdata?SN=S1&table=options", b"FingerFunOn=1,UserCount=3,~DeviceName=SA40"),
    ("/iclock/getrequest?SN=S1&INFO=Ver%202.0.12,0,0,0,192.168.16.27,10,7,15,0,111", None),
    ("/iclock/devicecmd?SN=S1", b"ID=26&Return=0&CMD=INFO\n~DeviceName=SA40\nUserCount=1\n"),
    ("/iclock/fdata?SN=S1&table=ATTPHOTO", PHOTO),
    ("/iclock/registry?SN=S1", b"DeviceType=acc"),
]


def test_mutated_pushes_harm_nothing(tmp_path: Path) -> None:
    assert mutate(tmp_path, 300)["tracebacks"] == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_long_form_ten_thousand_mutants(tmp_path: Path) -> None:
    found = mutate(tmp_path, 10_000)
    say("G8 mutated pushes", **found)
    assert found["growth_mb"] <= GROWTH_MAX_MB
    assert found["tracebacks"] == 0


def mutate(folder: Path, count: int) -> dict[str, float]:
    """So many mutants, after as many as warm it up; a lawful upload must pass in the end."""
    port, chance = free_port(), random.Random(20261126)
    daemon = Daemon(folder / "edge.toml", folder / "edge")
    daemon.config.write_text(CONFIG.format(folder=daemon.folder, port=port))
    daemon.start()
    try:
        assert call(("127.0.0.1", port), LOG, records(0, 3)).body == b"OK:3"
        for _ in range(count // 5):
            send(port, mutant(chance))
        before = daemon.rss_mb()
        statuses = [send(port, mutant(chance)) for _ in range(count)]
        grown = daemon.rss_mb() - before
        assert until(lambda: call(("127.0.0.1", port), LOG, records(9000, 2)).body == b"OK:2", 20)
    finally:
        daemon.stop()
    assert set(statuses) <= {0, 200, 400, 403, 404, 411, 413, 431, 503}
    with closing(Books(daemon.folder / FILE)) as books:
        punches = [json.loads(row.body)["data"] for row in books.punches("S1", "2000", "2134")]
    assert len(punches) > 5, "some of them still were punches"
    assert all(names(each["device_user_id"]) and moment(each["device_time"]) for each in punches)
    log = daemon.log.read_text(errors="replace")
    return {
        "mutants": count,
        "thanked": statuses.count(200),
        "growth_mb": round(grown, 1),
        "tracebacks": log.count("Traceback"),
    }


def mutant(chance: random.Random) -> bytes:
    """One of the seeds, with up to four wounds."""
    target, body = chance.choice(SEEDS)
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    verb = "GET" if body is None else "POST"
    sent = bytearray(f"{verb} {target} HTTP/1.1\r\nHost: x\r\n{length}\r\n".encode() + (body or b""))
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(sent) + 1)
        sent[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
    return bytes(sent)


def send(port: int, data: bytes) -> int:
    """The status of the answer; 0 where there is none."""
    with socket.create_connection(("127.0.0.1", port), 15) as line, suppress(ConnectionError):
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        got = b""
        while piece := line.recv(65536):
            got += piece
        parts = got.split(b" ", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
    return 0
