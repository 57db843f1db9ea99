"""A vendor's JSON as a pattern: a sample of the message in which `{name}` stands for what differs. Pure.

`{"code":40001,"data":{"work_no":"{login}"}}`: every other value must be there as it is, `{name}` is read, or
put in; `{name?}` may be missing. Whatever a message holds beside is not looked at. A text may hold names
among other words only where a message is written, never where one is read.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

NAME = re.compile(r"\{([a-z_]{1,32})(\??)\}")
DEPTH_MAX = 8
Told = Mapping[str, Any]
"""What a message tells, by name."""


class Nonsense(ValueError):
    """It is no JSON that a device may say."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of message. needed: names that must be there; names: all of them."""

    shape: Any
    needed: frozenset[str]
    names: frozenset[str]

    @classmethod
    def parse(cls, text: str, known: Collection[str], reads: bool = True) -> "Pattern":
        """From the config; ValueError says what is wrong with it. reads: messages are read by it."""
        try:
            shape = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"不是 JSON / is no JSON: {error}") from None
        found = list(_names(shape, reads, DEPTH_MAX))
        names = [name for name, _ in found]
        if strange := sorted(set(names) - set(known)):
            there = ", ".join(sorted(known)) or "-"
            raise ValueError(f"没有这个名称 / no such name: {{{strange[0]}}}; 有 / there is {there}")
        if reads and len(set(names)) < len(names):
            raise ValueError("同一名称出现两次 / a name stands there twice")
        return cls(shape, frozenset(name for name, free in found if not free), frozenset(names))

    @classmethod
    def needing(
        cls, where: str, text: str, known: Collection[str], needed: Collection[str], reads: bool = True
    ) -> "Pattern":
        """The same for a key of the config, whose pattern must hold what is needed."""
        try:
            made = cls.parse(text, known, reads)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        for name in needed:
            if name not in made.needed:
                raise ValueError(f"{where}: 缺少 / lacks {{{name}}}")
        return made

    def read(self, message: Any) -> Told | None:  # noqa: ANN401 - whatever JSON holds
        """What a message tells; None: it is of another kind."""
        told: dict[str, Any] = {}
        return told if _fits(self.shape, message, told) else None

    def write(self, values: Told) -> str:
        """The message with these values; what has none is null, or left out where it may be missing."""
        return json.dumps(_filled(self.shape, values), ensure_ascii=False)


def heard(data: bytes | str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A message as JSON; Nonsense."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Nonsense("no JSON") from None


def word(value: object) -> str | None:
    """A code, id or number as text; None for what is neither: nothing is guessed of true, null or a list."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return value if isinstance(value, str) else repr(value)


def _names(shape: Any, reads: bool, deep: int) -> list[tuple[str, bool]]:  # noqa: ANN401
    """Each name with whether it may be missing."""
    if deep < 0:
        raise ValueError("嵌套过深 / nested too deep")
    if isinstance(shape, str):
        found = NAME.findall(shape)
        if reads and found and not NAME.fullmatch(shape):
            raise ValueError(f"{shape!r}: 名称须单独成值 / a name must be the whole value")
        return [(name, bool(free)) for name, free in found]
    inner = shape.values() if isinstance(shape, dict) else shape if isinstance(shape, list) else ()
    if reads and isinstance(shape, list) and shape:
        raise ValueError("读取的样例中数组必须是 {名称} / where messages are read, a list must be a {name}")
    return [each for value in inner for each in _names(value, reads, deep - 1)]


def _fits(shape: Any, message: Any, told: dict[str, Any]) -> bool:  # noqa: ANN401
    if isinstance(shape, dict):
        return isinstance(message, dict) and all(
            _fits(inner, message[key], told) if key in message else _free(inner)
            for key, inner in shape.items()
        )
    name = NAME.fullmatch(shape) if isinstance(shape, str) else None
    if name is None:
        return type(shape) is type(message) and bool(shape == message)
    if message is None or message == "":
        return bool(name[2])
    told[name[1]] = message
    return True


def _free(shape: Any) -> bool:  # noqa: ANN401
    """Whether all of it may be missing."""
    if isinstance(shape, dict):
        return bool(shape) and all(map(_free, shape.values()))
    name = NAME.fullmatch(shape) if isinstance(shape, str) else None
    return name is not None and bool(name[2])


def _filled(shape: Any, values: Told) -> Any:  # noqa: ANN401
    if isinstance(shape, dict):
        kept = {key: inner for key, inner in shape.items() if not (_free(inner) and _empty(inner, values))}
        return {key: _filled(inner, values) for key, inner in kept.items()}
    if isinstance(shape, list):
        return [_filled(inner, values) for inner in shape]
    if not isinstance(shape, str):
        return shape
    whole = NAME.fullmatch(shape)
    if whole:
        return values.get(whole[1])
    return NAME.sub(lambda found: str(values.get(found[1]) or ""), shape)


def _empty(shape: Any, values: Told) -> bool:  # noqa: ANN401
    if isinstance(shape, dict):
        return all(_empty(inner, values) for inner in shape.values())
    name = NAME.fullmatch(shape)
    return name is None or values.get(name[1]) is None
