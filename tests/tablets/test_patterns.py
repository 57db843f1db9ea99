"""A vendor's messages as patterns: what is written is read again, and nothing else is taken for it."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.evaluation.patterns import Nonsense, Pattern, heard, word

KNOWN = ("login", "key", "code", "at")
LOGIN = '{"code":40001,"data":{"work_no":"{login}","key":"{key}","since":"{at?}"}}'
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def test_a_sample_of_a_message_is_its_pattern() -> None:
    pattern = Pattern.parse(LOGIN, KNOWN)
    message = {"code": 40001, "data": {"work_no": "10086", "key": 7, "more": []}, "msg": "x"}
    assert pattern.read(message) == {"login": "10086", "key": 7}
    assert pattern.needed == {"login", "key"}


@pytest.mark.parametrize(
    "message",
    [
        {"code": 40000, "data": {"work_no": "1", "key": "k"}},
        {"code": "40001", "data": {"work_no": "1", "key": "k"}},
        {"code": 40001.0, "data": {"work_no": "1", "key": "k"}},
        {"code": 40001, "data": {"work_no": "1"}},
        {"code": 40001, "data": {"work_no": "1", "key": None}},
        {"code": 40001, "data": [1]},
        [],
        None,
    ],
)
def test_another_message_is_not_taken_for_it(message: Any) -> None:
    assert Pattern.parse(LOGIN, KNOWN).read(message) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ('{"a":"{logn}"}', "logn"),
        ('{"a":"{login}","b":"{login}"}', "twice"),
        ('{"a":"no {login}"}', "whole value"),
        ('{"a":["{login}"]}', "list"),
        ("[" * 20 + "]" * 20, "list|deep"),
        ('{"a":' * 12 + '"{login}"' + "}" * 12, "deep"),
    ],
)
def test_what_is_no_pattern_is_said_so(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Pattern.parse(text, KNOWN)


def test_a_message_is_written_with_what_there_is() -> None:
    pattern = Pattern.parse(
        '{"code":1,"msg":"请 {login} 评价","data":{"at":"{at?}"},"k":"{key}"}', KNOWN, reads=False
    )
    assert json.loads(pattern.write({"login": "张一", "key": 5})) == {
        "code": 1,
        "msg": "请 张一 评价",
        "k": 5,
    }
    assert json.loads(pattern.write({"at": "x"})) == {
        "code": 1,
        "msg": "请  评价",
        "data": {"at": "x"},
        "k": None,
    }


@settings(max_examples=40)
@given(st.text(min_size=1), st.integers() | st.text(min_size=1))
def test_what_is_written_is_read_again(login: str, key: int | str) -> None:
    pattern = Pattern.parse(LOGIN, KNOWN)
    assert pattern.read(heard(pattern.write({"login": login, "key": key}))) == {"login": login, "key": key}


@settings(max_examples=60)
@given(JSON)
def test_whatever_is_said_is_read_or_not_and_never_fails(message: Any) -> None:
    told = Pattern.parse(LOGIN, KNOWN).read(message)
    assert told is None or told.keys() >= {"login", "key"}


@given(st.binary() | st.text())
def test_bytes_are_json_or_nonsense(data: bytes | str) -> None:
    with contextlib.suppress(Nonsense):
        heard(data)


def test_deep_and_huge_json_is_nonsense() -> None:
    for data in (b"[" * 200_000, b"1" * 10_000):
        with pytest.raises(Nonsense):
            heard(data)


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), ("5", "5"), (5.0, "5.0"), (True, None), (None, None), ([5], None)]
)
def test_a_code_is_what_was_said(value: object, text: str | None) -> None:
    assert word(value) == text
