"""A crowd of slow clients at one port: some only connect, some drip a head, some drip a body; all come again.

    python -m tests.sim.slow PORT --clients 240 [--tls] [--path /login]

Says «ready» once each has tried to connect; ends when its input does. Each ten have an address of their own.
"""

import argparse
import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import Iterator

PER_ADDRESS = 10
DRIP_S = 0.7
AGAIN_S = 0.5


async def client(
    number: int, port: int, tls: ssl.SSLContext | None, path: str, there: asyncio.Semaphore
) -> None:
    """One of them, for ever."""
    source = (f"127.0.3.{1 + number // PER_ADDRESS}", 0)
    heads = ["", f"GET {path} HTTP/1.1\r\nX-A: ", f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"]
    head = heads[number % 3] + ("Content-Length: 60000\r\n\r\n" if number % 3 == 2 else "")
    shakes = tls if number % 3 else None
    tried = False
    while True:
        with contextlib.suppress(OSError, EOFError):
            opening = asyncio.open_connection("127.0.0.1", port, ssl=shakes, local_addr=source)
            reader, writer = await asyncio.wait_for(opening, 20)
            if not tried:
                there.release()
                tried = True
            await drip(reader, writer, head)
        if not tried:
            there.release()
            tried = True
        await asyncio.sleep(AGAIN_S)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
    """A byte now and then, for as long as that is borne."""
    try:
        writer.write(head.encode())
        while not reader.at_eof() and not writer.is_closing():
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(4096), DRIP_S)
            writer.write(b"x" if head else b"")
    finally:
        writer.transport.abort()


async def crowd(many: int, port: int, tls: bool, path: str) -> None:
    context = ssl._create_unverified_context() if tls else None  # noqa: S323, SLF001 - an attacker looks at none
    there = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        for number in range(many):
            group.create_task(client(number, port, context, path, there))
        for _ in range(many):
            await there.acquire()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        raise SystemExit(0)


@contextlib.contextmanager
def slow(port: int, many: int, *more: str) -> Iterator[None]:
    """The crowd as a process, from «ready» to the end of the block."""
    command = [sys.executable, "-m", "tests.sim.slow", str(port), "--clients", str(many), *more]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, default=240)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--path", default="/")
    told = parser.parse_args()
    asyncio.run(crowd(told.clients, told.port, told.tls, told.path))


if __name__ == "__main__":
    main()
