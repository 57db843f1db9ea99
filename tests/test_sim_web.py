"""The simulated terminals that are asked over HTTP: they run alone, and their faults are told by name."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.sim.dahua import Faults as DahuaFaults
from tests.sim.isapi import Faults as IsapiFaults
from tests.sim.web import HttpFaults
from tests.sim.web.alone import Step, set_fault

ROOT = Path(__file__).parents[1]
INFO = {"isapi": "/ISAPI/System/deviceInfo", "dahua": "/cgi-bin/magicBox.cgi?action=getSerialNo"}


@pytest.mark.parametrize("family", sorted(INFO))
def test_it_runs_alone_answers_and_counts_what_it_emitted(family: str) -> None:
    command = [sys.executable, "-m", f"tests.sim.{family}", "--port", "0", "--log", "5", "--serial", "ALONE1"]
    more = [
        "--punch-every",
        "0.05",
        "--password",
        "of-its-own",
        "--at",
        "0.1:clock=-30",
        "--at",
        "0.2:slow_s=0.1",
    ]
    with subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["serial"] == "ALONE1"
        login = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        url = f"http://127.0.0.1:{told['port']}{INFO[family]}"
        login.add_password(None, url, "admin", "of-its-own")
        opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(login))
        with opener.open(url, timeout=5) as answer:
            assert b"ALONE1" in answer.read()
        lines = [process.stdout.readline() for _ in range(12)]
        while not any("clock=-30" in line for line in lines):
            lines.append(process.stdout.readline())
            assert lines[-1], "it has ended"
        process.send_signal(signal.SIGTERM)
        *_, last = process.stdout.read().splitlines()
        assert process.wait(10) == 0
    assert json.loads(last)["serial"] == "ALONE1"
    assert json.loads(last)["emitted"] >= 5 + 8


@pytest.mark.parametrize("family", sorted(INFO))
@pytest.mark.parametrize("wrong", [["--fault", "no_such=1"], ["--at", "1:no_such"], ["--fault", "cut=x"]])
def test_what_it_does_not_know_it_refuses_by_name(family: str, wrong: list[str]) -> None:
    command = [sys.executable, "-m", f"tests.sim.{family}", "--port", "0", *wrong]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert wrong[1].partition("=")[0].partition(":")[2] in done.stderr


def test_every_switch_can_be_set_by_its_name() -> None:
    faults, http = IsapiFaults(), HttpFaults()
    for text in ("hidden=3,4", "xml=1", "page_max=7", "word=PARTIAL", "cut=2", "drip_s=0.5", "foreign=ff00"):
        set_fault(faults, http, text)
    assert (faults.hidden, faults.xml, faults.page_max, faults.word) == ({3, 4}, True, 7, "PARTIAL")
    assert (http.cut, http.drip_s, http.foreign) == (2, 0.5, b"\xff\x00")
    assert Step.parse("2:missing=Status,Type", {}, DahuaFaults).after_s == 2
