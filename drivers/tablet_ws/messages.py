"""The map of messages between us and a tablet: samples with names in place of values. Pure.

The defaults are the published protocol (JSON with code, state, msg, data): 40001 login, 40000 heartbeat,
50100 open an address, 40002 nonsense, 50000 unknown. It has no message for a rating of a page of ours, an
invitation or a card: those (50101–50104, 50200) are ours, in its style, and give way to the vendor's own.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from drivers.evaluation.patterns import Pattern, Told
from drivers.evaluation.vendor import RATING

HEARS: Mapping[str, str] = {
    "login": '{"code":40001,"data":{"work_no":"{login}","key":"{key}"}}',
    "beat": '{"code":40000,"data":"{clock?}"}',
    "rating": '{"code":50200,"data":{"id":"{id}","satisfaction":"{code}","assessTime":"{at}",'
    '"session":"{session?}","projectNo":"{project_no?}","evalDetail":"{tags?}",'
    '"writingEvaluation":"{comment?}"}}',
}
SAYS: Mapping[str, str] = {
    "ask_login": '{"code":40001,"state":0,"msg":"请发送工号"}',
    "logged_in": '{"code":40001,"state":1,"msg":"登录成功"}',
    "wrong_login": '{"code":40001,"state":0,"msg":"通讯密钥错误"}',
    "beat": '{"code":40000,"state":1,"msg":"收到","data":"{clock_ms}"}',
    "open": '{"code":50100,"state":1,"msg":"打开网址","data":"{url}"}',
    "nonsense": '{"code":40002,"state":0,"msg":"数据包格式错误"}',
    "unknown": '{"code":50000,"state":0,"msg":"未知指令"}',
    "invite": '{"code":50101,"state":1,"msg":"请评价","data":{"session":"{session}",'
    '"timeout":"{timeout_s}"}}',
    "cancel": '{"code":50102,"state":1,"msg":"取消评价","data":{"session":"{session}"}}',
    "card": '{"code":50103,"state":1,"msg":"工作人员","data":{"work_no":"{staff_no?}","name":"{name?}",'
    '"post":"{post?}"}}',
    "welcome": '{"code":50104,"state":1,"msg":"欢迎"}',
    "thanks": '{"code":50200,"state":1,"msg":"评价已保存","data":{"id":"{id?}","session":"{session?}"}}',
    "refused": '{"code":50200,"state":0,"msg":"评价无法识别","data":{"id":"{id?}","session":"{session?}"}}',
}
HEARD: Mapping[str, tuple[str, ...]] = {
    "login": ("login", "key", "clock"),
    "beat": ("clock",),
    "rating": RATING,
}
"""What a message to us may name."""
SAID: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(SAYS, ()),
    "beat": ("clock_ms", "clock_s"),
    "open": ("url", "session", "timeout_s"),
    "invite": ("session", "timeout_s", "project_no", "item_code"),
    "cancel": ("session",),
    "card": ("hall", "staff_no", "name", "post", "window"),
    "thanks": ("id", "session"),
    "refused": ("id", "session"),
}
NEEDED: Mapping[str, tuple[str, ...]] = {"login": ("login", "key"), "rating": ("code",), "open": ("url",)}


class Messages(NamedTuple):
    """The map of one tablet; what is "" in the config is not spoken."""

    hears: Mapping[str, Pattern]
    says: Mapping[str, Pattern]

    def heard(self, message: Any) -> tuple[str, Told]:  # noqa: ANN401 - whatever JSON holds
        """Which message it is, and what it tells; "" = none of ours."""
        for name, pattern in self.hears.items():
            told = pattern.read(message)
            if told is not None:
                return name, told
        return "", {}

    def said(self, name: str, values: Told) -> str | None:
        """A message to the tablet; None: this one has no such message."""
        pattern = self.says.get(name)
        return pattern.write(values) if pattern else None


def messages(hears: Mapping[str, str], says: Mapping[str, str]) -> Messages:
    """From the config, over the defaults; ValueError names table and message."""
    made = []
    for table, given, usual, known in (("hears", hears, HEARS, HEARD), ("says", says, SAYS, SAID)):
        if strange := sorted(given.keys() - usual.keys()):
            raise ValueError(f"{table}: 没有这种消息 / no such message: {strange[0]}; {', '.join(usual)}")
        texts = {name: text for name, text in {**usual, **given}.items() if text}
        made.append(
            {
                name: Pattern.needing(
                    f"{table}: {name}", text, known[name], NEEDED.get(name, ()), reads=table == "hears"
                )
                for name, text in texts.items()
            }
        )
    for name in ("login", "rating"):
        if name not in made[0]:
            raise ValueError(f"hears: {name} 不能为空 / must not be empty")
    return Messages(*made)
