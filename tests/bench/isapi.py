"""Catching up with a Hikvision terminal's log, beside a plain loop over `requests` that stores nothing.

The loop is what an integrator writes: a session with digest, pages of 30, JSON decoded and thrown away. It
follows `beginSerialNo` and stops at the first short page. Ours asks for one known event a page more, proves
the end, and has every punch on disk. The terminal is a process of its own.
"""

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import requests
from requests.auth import HTTPDigestAuth

from drivers.hikvision import Hikvision
from edge.device.link import DeviceLink
from tests.bench.measure import Line, Scale, against_constant, in_turn, line, seconds
from tests.bench.site import CLOCK, PEOPLE, device, opened

PASSWORD = "of-the-bench"
PAGE = 30
TERMINAL_S = 0.95
"""A page of a DS-K1T takes 0.95 to 3.4 s (protocols §5)."""


def benchmarks(scale: Scale) -> Iterator[Line]:
    """The first contact of a new hall."""
    logs, made = scale.of(20_000, 2_000), iter(range(1_000_000))
    password = scale.folder / "password"
    password.write_text(PASSWORD)
    with _terminal(logs) as port:
        rounds = in_turn(
            scale.repeat,
            lambda: _ours_s(scale.folder / f"isapi-{next(made)}", port, password, logs),
            lambda: seconds(lambda: _plain(port, logs)),
        )
    yield line(f"isapi.catch_up_{logs}", "s", rounds, "a loop over requests that stores nothing", "<= 2")
    pages = against_constant([each / (logs / PAGE) for each in rounds.ours], TERMINAL_S)
    yield line("isapi.page", "s", pages, "what a real terminal needs for a page at best", "<= 0.1")


@contextmanager
def _terminal(logs: int) -> Iterator[int]:
    options = f"--port 0 --users {PEOPLE} --log {logs} --password {PASSWORD}"
    command = [sys.executable, "-m", "tests.sim.isapi", *options.split()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield int(json.loads(process.stdout.readline())["port"])
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _ours_s(folder: Path, port: int, password: Path, logs: int) -> float:
    with opened(folder) as store:
        took_s = seconds(lambda: _contact(store, port, password))
        if store.tip.sequence != 1 + logs:
            raise RuntimeError(f"{store.tip.sequence - 1} of {logs} punches are stored")
    return took_s


def _contact(store: object, port: int, password: Path) -> None:
    driver = Hikvision(Hikvision.Options("127.0.0.1", str(password), port=port))
    link = DeviceLink(device(), store, CLOCK, threading.Event(), SimpleQueue(), lambda _told: None)  # type: ignore[arg-type]
    try:
        driver.connect(link)
        driver.poll(link)
    finally:
        driver.close()


def _plain(port: int, logs: int) -> None:
    """Every event once, as an integrator would ask for them."""
    url = f"http://127.0.0.1:{port}/ISAPI/AccessControl/AcsEvent?format=json"
    begin, punches = 1, 0
    with requests.Session() as session:
        session.auth = HTTPDigestAuth("admin", PASSWORD)
        while True:
            asked = {"searchID": uuid.uuid4().hex, "searchResultPosition": 0, "maxResults": PAGE}
            asked |= {"major": 0, "minor": 0, "beginSerialNo": begin}
            answer = session.post(url, json={"AcsEventCond": asked}, timeout=5)
            found = answer.json()["AcsEvent"].get("InfoList", [])
            punches += sum(event["minor"] in (1, 38, 75) for event in found)
            if len(found) < PAGE:
                break
            begin = found[-1]["serialNo"] + 1
    if punches != logs:
        raise RuntimeError(f"the loop read {punches} of {logs}")
