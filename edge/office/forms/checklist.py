"""The checklist of inspections as people read it (domain §6.4): groups, codes, both languages. Pure."""

from typing import NamedTuple

from edge.words import LANGS, Lang


class Point(NamedTuple):
    """One code and what it looks at."""

    code: str
    text: str


class Group(NamedTuple):
    """Some points that belong together; `letter` begins their codes."""

    letter: str
    title: str
    points: tuple[Point, ...]


GROUPS: dict[str, tuple[str, str]] = {
    "B": ("十不准", "the ten «do nots»"),
    "S": ("三声", "the three greetings"),
    "Y": ("四一样", "the four «all alike»"),
    "F": ("标识与设施", "signs and facilities"),
    "E": ("环境秩序", "surroundings and order"),
    "I": ("信息公开", "information for the public"),
}
POINTS: dict[str, tuple[str, str]] = {
    "B01": ("迟到、早退、旷工、脱岗", "late, gone early, absent, off the post"),
    "B02": ("游戏、股市、视频、聊天等无关事", "games, shares, videos, chats and the like"),
    "B03": ("与服务对象吵架", "quarrels with citizens"),
    "B04": ("粗话、喧哗、嬉闹", "coarse words, noise, horseplay"),
    "B05": ("串岗、扎堆、闲聊电话", "wandering, gathering, idle telephone calls"),
    "B06": ("吸烟、用餐、吃零食", "smoking, meals, snacks"),
    "B07": ("带小孩或无关人员上岗", "children or outsiders at the post"),
    "B08": ("窗口内会客、干私活", "visitors or private work behind the window"),
    "B09": ("收发快递", "parcels sent or received"),
    "B10": ("乱摆乱放、随地吐痰", "things left about, spitting"),
    "S1": ("来有迎声", "a greeting on arrival"),
    "S2": ("问有答声", "an answer to every question"),
    "S3": ("走有送声", "a word of farewell"),
    "Y1": ("受理、咨询一样热情", "as warm to who asks as to who applies"),
    "Y2": ("生人、熟人一样和气", "as kind to strangers as to friends"),
    "Y3": ("干部、群众一样尊重", "as respectful to citizens as to officials"),
    "Y4": ("忙时、闲时一样耐心", "as patient when busy as when not"),
    "F1": ("布局标识统一", "layout and signs are uniform"),
    "F2": ("挂屏、工牌、党徽", "screens, name badges, party badges"),
    "F3": ("功能区设备完好", "equipment of each area works"),
    "E1": ("物品摆放", "things are in their place"),
    "E2": ("卫生", "cleanliness"),
    "E3": ("秩序", "order"),
    "I1": ("宣传板", "notice boards"),
    "I2": ("信息及时、完整", "information is timely and complete"),
}


def checklist(lang: Lang) -> tuple[Group, ...]:
    """All of it, in order."""
    at = LANGS.index(lang)
    return tuple(
        Group(letter, titles[at], tuple(Point(code, POINTS[code][at]) for code in _of(letter)))
        for letter, titles in GROUPS.items()
    )


def _of(letter: str) -> tuple[str, ...]:
    return tuple(code for code in POINTS if code[0] == letter)
