"""The options of a keypad line, checked by name. No key map has a default: a digit means opposite things."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from drivers.evaluation.levels import LEVELS, STARS, Level
from drivers.keypad.frame import FRAME_MAX, WIDTH, Checksum, Counts, Covers, Frame, Length
from drivers.keypad.hearing import Layout

TIMEOUT = "timeout"
ADDRESS = "**"
"""Stands for the keypad's address in a command."""


@dataclass(frozen=True)
class KeypadOptions:
    """`port`: `/dev/serial/by-id/…`, or `socket://IP:PORT` of a serial-to-Ethernet converter.

    window, or windows = {"01" = "A01", …} by address. keys: code → level, or `timeout`. Commands are hex; in
    frame mode they are bodies, and `**` is the address.
    """

    port: str
    keys: dict[str, str]
    window: str = ""
    windows: dict[str, str] = field(default_factory=dict)
    label: str = ""
    mode: Literal["frame", "ascii-key"] = "frame"
    baud: int = 9600
    timeout_s: int = 10
    debounce_ms: int = 800
    walk_ups: Literal["auto", "yes", "no"] = "auto"
    start: str = ""
    thanks: str = ""
    welcome: str = ""
    key_prefix: str = ""
    key_suffix: str = ""
    frame_header: str = "55AA"
    frame_trailer: str = "55AA"
    frame_length: Length = "u16be"
    frame_counts: Counts = "body"
    frame_checksum: Checksum = "xor"
    frame_covers: Covers = "length"
    frame_body_size: int = 0
    type_at: int = 0
    type: int = 6
    address_at: int = -1
    command_at: int = 2
    key_command: str = ""
    key_at: int = 4

    def __post_init__(self) -> None:
        """ValueError that begins with the name of what is wrong."""
        self._check_port()
        self._check_keys()
        self._check_windows()
        if self.mode not in ("frame", "ascii-key"):
            raise ValueError("mode: frame 或 / or ascii-key")
        if self.mode == "frame" and not self.key_command:
            raise ValueError(
                "key_command: 按键帧的命令字（厂家文档） / the command of a key press, from the vendor"
            )
        words = (("frame_length", Length), ("frame_counts", Counts), ("frame_covers", Covers))
        for name, known in (*words, ("frame_checksum", Checksum)):
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"{name}: {_one_of(*get_args(known))}")
        hexes = ("start", "thanks", "welcome", "key_prefix", "key_suffix", "frame_header", "frame_trailer")
        for name in (*hexes, "key_command"):
            _hex(name, getattr(self, name))
        limits = {"baud": (300, 115_200), "timeout_s": (3, 600), "debounce_ms": (0, 5000), "type": (0, 255)}
        offsets = dict.fromkeys(("type_at", "address_at"), (-1, FRAME_MAX))
        offsets |= dict.fromkeys(("command_at", "key_at", "frame_body_size"), (0, FRAME_MAX))
        for name, (low, high) in {**limits, **offsets}.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name}: 应在此范围内 / must be within {low}-{high}")
        if WIDTH[self.frame_length] == 0 and self.frame_body_size < 1 and self.mode == "frame":
            raise ValueError("frame_body_size: 无长度字段时必填 / needed where frames have no length")

    def _check_port(self) -> None:
        if self.port.startswith("socket://"):
            host, _, number = self.port.removeprefix("socket://").rpartition(":")
            if not host or not number.isdecimal() or not 0 < int(number) < 65536:
                raise ValueError("port: socket://IP:端口 / socket://IP:PORT")
        elif not self.port.startswith("/dev/"):
            raise ValueError("port: /dev/serial/by-id/… 或 / or socket://IP:PORT")

    def _check_keys(self) -> None:
        for code, word in self.keys.items():
            if word not in (*LEVELS, TIMEOUT):
                raise ValueError(f"keys: {code!r} = {word!r}: {_one_of(*LEVELS, TIMEOUT)}")
            if self.mode == "ascii-key" and len(code) != 1:
                raise ValueError(f"keys: {code!r}: 一个字符 / one character")
            if self.mode == "frame" and not (len(code) == 2 and _is_hex(code) and code == code.lower()):
                raise ValueError(f"keys: {code!r}: 两位小写十六进制 / two hex digits in lower case")
        levels = {word for word in self.keys.values() if word != TIMEOUT}
        if len(levels) not in (3, 4, 5):
            raise ValueError("keys: 3-5 个等级 / 3 to 5 levels")

    def _check_windows(self) -> None:
        if bool(self.window) == bool(self.windows):
            raise ValueError("window: 写 window 或 windows 之一 / give one of window and windows")
        if self.windows and (self.mode != "frame" or self.address_at < 0):
            raise ValueError("windows: 需要 mode = frame 和 address_at / needs mode = frame and address_at")
        for address in self.windows:
            if not (len(address) == 2 and _is_hex(address) and address == address.lower()):
                raise ValueError(f"windows: {address!r}: 两位小写十六进制 / two hex digits in lower case")
        if len(set(self.windows.values())) < len(self.windows):
            raise ValueError("windows: 窗口重复 / names a window twice")

    @property
    def places(self) -> dict[str, str]:
        """Address → window; "" is the address of a line with one keypad."""
        return self.windows or {"": self.window}

    @property
    def host(self) -> str | None:
        """The IP of the converter, which must stand in the hall's networks; None: it is a port of ours."""
        address = self.port.removeprefix("socket://")
        return None if address == self.port else address.rpartition(":")[0]

    @property
    def serial(self) -> str:
        """What stands for a serial number, which keypads have not: the label, or where it is plugged in."""
        return self.label or self.port.removeprefix("socket://").rsplit("/", 1)[-1]

    @property
    def scale(self) -> int:
        """How many levels it offers."""
        return len({word for word in self.keys.values() if word != TIMEOUT})

    @property
    def takes_walk_ups(self) -> bool:
        """Whether a press that nobody asked for counts: where a checksum proves that it was one."""
        checked = self.mode == "frame" and self.frame_checksum != "none"
        return self.walk_ups == "yes" or (self.walk_ups == "auto" and checked)

    def level(self, code: str) -> Level | None:
        """The level of a key; None: it is no level."""
        word = self.keys.get(code)
        return next((level for level in STARS if level == word), None)

    def frame(self) -> Frame | None:
        """What frames look like; None: bare keys."""
        if self.mode == "ascii-key":
            return None
        header, trailer = bytes.fromhex(self.frame_header), bytes.fromhex(self.frame_trailer)
        how = (self.frame_length, self.frame_counts, self.frame_checksum, self.frame_covers)
        return Frame(header, trailer, *how, self.frame_body_size)

    def around(self) -> tuple[bytes, bytes]:
        """What stands before and after a bare key."""
        return bytes.fromhex(self.key_prefix), bytes.fromhex(self.key_suffix)

    def layout(self) -> Layout:
        """Where in a body things stand."""
        command = bytes.fromhex(self.key_command)
        return Layout(self.type_at, self.type, self.address_at, self.command_at, command, self.key_at)

    def command(self, hexes: str, address: str) -> bytes:
        """The bytes of a command to one keypad; nothing where there is no such command."""
        body = bytes.fromhex(hexes.replace(ADDRESS, address))
        frame = self.frame()
        return frame.pack(body) if frame and body else body


def _one_of(*words: str) -> str:
    return f"只能是 / must be one of {', '.join(words)}"


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in text)


def _hex(name: str, text: str) -> None:
    try:
        bytes.fromhex(text.replace(ADDRESS, "00"))
    except ValueError:
        raise ValueError(f"{name}: 十六进制，如 55AA / hex digits such as 55AA") from None
