"""What can happen to a database file, each reproducible by its seed; bytes change in place."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

from edge.store import sqlite

PAGE = 4096
Damage = Callable[[Path, Random], None]


def _header(path: Path, chance: Random) -> None:
    _write(path, 0, chance.randbytes(100))


def _first_page(path: Path, chance: Random) -> None:
    _write(path, 0, chance.randbytes(PAGE))


def _pages(count: int) -> Damage:
    def damage(path: Path, chance: Random) -> None:
        last = path.stat().st_size // PAGE - 1
        for page in chance.sample(range(1, last + 1), min(count, last // 2)):
            _write(path, page * PAGE, chance.randbytes(PAGE))

    return damage


def _half(path: Path, _chance: Random) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _bits(count: int) -> Damage:
    def damage(path: Path, chance: Random) -> None:
        data = bytearray(path.read_bytes())
        for _ in range(count):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)

    return damage


def _empty(path: Path, _chance: Random) -> None:
    path.write_bytes(b"")


def _foreign(path: Path, _chance: Random) -> None:
    """The database of another program."""
    path.unlink()
    with closing(sqlite.connect_copy(path)) as other:
        other.execute("CREATE TABLE recipe (name TEXT)")
        other.execute("INSERT INTO recipe VALUES ('dumplings')")


def _text(path: Path, _chance: Random) -> None:
    path.write_text("this is a shopping list\n" * 4000)


def overwrite(path: Path, chance: Random) -> None:
    """`dd if=/dev/urandom of=FILE bs=512 count=500 conv=notrunc`."""
    _write(path, 0, chance.randbytes(512 * 500))


def _write(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


DAMAGES: dict[str, Damage] = {
    "header": _header,
    "first page": _first_page,
    "1 page": _pages(1),
    "10 pages": _pages(10),
    "62 pages": _pages(62),
    "half": _half,
    "1000 bits": _bits(1000),
    "20 bits": _bits(20),
    "dd": overwrite,
    "empty": _empty,
    "foreign": _foreign,
    "text": _text,
}
