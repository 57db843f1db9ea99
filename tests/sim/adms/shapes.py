"""How firmwares write a record of attendance: the variants of protocols §4, by name."""

from collections.abc import Callable
from urllib.parse import quote_plus

from tests.sim.zk.layouts import Punch

Shape = Callable[[Punch], str]


def _columns(*more: str) -> Shape:
    return lambda punch: "\t".join([*_head(punch), *more])


def _head(punch: Punch) -> list[str]:
    return [punch.user_id, punch.time.isoformat(" ", "seconds"), str(punch.state), str(punch.verify)]


SHAPES: dict[str, Shape] = {
    "5": _columns("0"),
    "5-no-workcode": _columns(""),
    "7": _columns("0", "0", "0"),
    "8": _columns("0", "0", "0", ""),
    "9-id-card": _columns("0", "0", "0", "110101190001010000", "0"),
    "10": _columns("0", "0", "0", "0", "0", "0"),
    "11": _columns("0", "0", "0", "1", "36.5", "36.5", "480"),
    "uid-first": lambda punch: "\t".join([str(punch.uid or 1), *_head(punch), "0", "0"]),
    "prefix": lambda punch: "ATTLOG\t" + "\t".join([*_head(punch), "0", "0"]),
    "prefix-blank": lambda punch: "ATTLOG " + "\t".join([*_head(punch), "0", "0"]),
    "blanks": lambda punch: " ".join([*_head(punch), "0", "0"]),
}


def line(punch: Punch, shape: str) -> str:
    """One record, without its line end."""
    return SHAPES[shape](punch)


def body(punches: list[Punch], shape: str, end: str = "\n", form: bool = False, last: bool = True) -> bytes:
    """An upload. end: between lines; form: sent as `data=…`; last: the last line has its end too."""
    text = end.join(line(punch, shape) for punch in punches) + (end if last and punches else "")
    return f"data={quote_plus(text)}".encode() if form else text.encode()
