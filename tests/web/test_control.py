"""Commands: over the control socket, and by no other way."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.commands import Answer, Arguments, Refused
from edge.control import command, snapshot
from edge.web import WebServer, create_app
from edge.web.server import listen_unix
from tests.hall import SITE
from tests.web.halls import TROUBLE, WELL


def echo(arguments: Arguments) -> str:
    if "no" in arguments:
        raise Refused("not today")
    return " ".join(f"{name}={value}" for name, value in arguments.items())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    made = WebServer(create_app(lambda: WELL, {"echo": echo}), "127.0.0.1", 0, tmp_path / "control.sock")
    made.start()
    yield made
    made.stop()


def test_a_command_is_obeyed_or_refused_with_its_reason(server: WebServer, tmp_path: Path) -> None:
    assert command(tmp_path, "echo", device="大门") == Answer(True, "device=大门")
    assert command(tmp_path, "echo", no="") == Answer(False, "not today")
    assert command(tmp_path, "shell", line="ls") == Answer(False, "no such command: shell")


def test_who_lives_and_does_not_answer_is_not_called_dead(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(f"{SITE.format(folder=tmp_path)}[web]\nport = 8090\n")
    (tmp_path / "status.json").write_bytes(msgspec.json.encode(WELL))

    def said(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--lang", "en", *words, "--config", str(config)])
        return done.exit_code, done.stderr

    assert said("status") == (5, f"the daemon is not running; its last word, {WELL.at}\n")
    assert said("requeue") == (5, "the daemon is not running; nothing was done\n")
    with closing(listen_unix(tmp_path / "control.sock")) as mute:
        threading.Thread(target=turn_away, args=(mute,), daemon=True).start()
        code, told = said("status")
        assert (code, "does not answer" in told, WELL.at in told) == (5, True, True)
        for order in ("requeue", "reconcile"):
            code, told = said(order)
            assert (code, "may or may not" in told) == (5, True)


def turn_away(listener: socket.socket) -> None:
    """Take whoever comes, and say nothing."""
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


def test_whoever_asks_after_a_command_sees_what_it_did(tmp_path: Path) -> None:
    now = [WELL]

    def change(_arguments: Arguments) -> str:
        now[0] = TROUBLE
        return ""

    made = WebServer(create_app(lambda: now[0], {"change": change}), None, 0, tmp_path / "control.sock")
    made.start()
    assert snapshot(tmp_path) == WELL
    command(tmp_path, "change")
    assert snapshot(tmp_path) == TROUBLE
    made.stop()


def test_what_is_no_command_is_not_run(server: WebServer, tmp_path: Path) -> None:
    answer = command(tmp_path, "echo", text="x" * (1 << 17))
    assert answer is None or not answer.done


@pytest.mark.parametrize("name", ["echo", "reread"])
def test_no_port_takes_commands(server: WebServer, name: str) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("POST", f"/control/{name}", b"{}")
        assert connection.getresponse().status == 403


def test_nobody_there_is_told_from_a_refusal(tmp_path: Path) -> None:
    assert command(tmp_path, "echo") is None
