"""How a staff order stands at a terminal, and why it was not carried out."""

from edge.causes.cause import Cause

_NOTHING = ("无需处理", "nothing to do")
_OTHER_SPELLING = (
    "换一种写法（如简写、拼音）重新下发",
    "give the order again with another spelling (shorter, or pinyin)",
)

STAFF: dict[str, Cause] = {
    "staff_waiting": Cause(
        "等待终端下次联系",
        "waits for the terminal's next contact",
        "无需处理；一般在一分钟内",
        "wait a minute",
    ),
    "staff_sent": Cause("已下发，等待终端答复", "sent, the terminal has not answered yet", *_NOTHING),
    "staff_unanswered": Cause(
        "已下发，终端答复前连接中断或终端正忙，会再次下发",
        "sent, and the line broke before an answer, or the terminal was busy; it is sent again",
        "若反复出现，检查网线和终端",
        "if it keeps happening check cable and terminal",
    ),
    "staff_done": Cause("终端已执行", "carried out by the terminal", *_NOTHING),
    "staff_absent": Cause("终端上本来就没有这个人", "was not on this terminal", *_NOTHING),
    "staff_gone": Cause(
        "终端上已没有这个人（先前一次下发的答复丢失）",
        "is no longer on this terminal (the answer to an earlier sending was lost)",
        *_NOTHING,
    ),
    "staff_superseded": Cause(
        "未下发：已被后来的指令代替",
        "not sent: a later order took its place",
        "看后来的指令",
        "see the later one",
    ),
    "staff_expired": Cause(
        "已过期：有效期内终端一直联系不上，没有下发",
        "expired: the terminal was away all the time, it was never sent",
        "恢复终端后重新下发；离职人员也可在终端菜单上删除",
        "give it again when the terminal is back; a leaver can be deleted in its menu too",
    ),
    "staff_expired_sent": Cause(
        "已过期：下发过，终端没有答复，可能已执行",
        "expired: it was sent and never answered; it may have been carried out",
        "在终端菜单上核对，或重新下发",
        "look in the terminal's menu, or give it again",
    ),
    "staff_no_device": Cause(
        "配置中已没有这台终端",
        "this terminal is no longer in the configuration",
        "若终端仍在使用，请在其菜单上处理",
        "if it is still in use see to it in its menu",
    ),
    "staff_unsupported": Cause(
        "这台终端的固件不接受这种指令",
        "the firmware of this terminal does not take such orders",
        "在终端菜单上处理，并记录结果",
        "do it in the terminal's menu, and note that down",
    ),
    "staff_refused": Cause(
        "终端拒绝执行",
        "the terminal refused",
        "看所附代码；在终端菜单上处理，或联系支持人员",
        "see its code; do it in the terminal's menu, or call support",
    ),
    "staff_not_seen": Cause(
        "终端说已执行，但读回的内容不符",
        "the terminal said yes, but what it shows afterwards is not so",
        "在终端菜单上核对；姓名可能被截断，换短一些的写法重新下发",
        "look in its menu; the name may have been cut: give it again with a shorter one",
    ),
    "name_too_long": Cause(
        "姓名超过终端的长度，未下发",
        "the name is longer than the terminal's field; not sent",
        *_OTHER_SPELLING,
    ),
    "name_unfit": Cause(
        "姓名中有终端编码写不出的字，未下发",
        "the name holds a character that the terminal's encoding lacks; not sent",
        *_OTHER_SPELLING,
    ),
    "user_unfit": Cause(
        "用户号不合这台终端的要求，未下发",
        "the terminal cannot hold this user number; not sent",
        "老式终端只收不以 0 开头的数字；换一个用户号",
        "older terminals take numbers without a leading zero alone: choose another one",
    ),
    "card_unfit": Cause(
        "卡号超出终端的范围，未下发",
        "the terminal cannot hold this card number; not sent",
        "核对卡号；有的读卡器显示的是另一种进制",
        "check it; some readers show the number in another form",
    ),
    "card_needed": Cause(
        "这类终端的人员必须有卡，未下发",
        "this kind of terminal knows nobody without a card; not sent",
        "加 --card 重新下发，或在终端菜单上登记",
        "give it again with --card, or enrol the person at the terminal",
    ),
    "card_refused": Cause(
        "人员已下发，但终端拒绝这张卡",
        "the person is there, but the terminal refused the card",
        "核对卡号是否已属于另一人",
        "does the card belong to somebody else?",
    ),
    "users_full": Cause(
        "终端人员已满", "the terminal is full", "先撤销离职人员", "revoke those who have left first"
    ),
    "table_empty": Cause(
        "终端上还没有人员和记录，看不出它的格式",
        "the terminal has neither people nor records yet, so its format is not known",
        "先在终端上登记一人，再下发",
        "enrol one person at the terminal first",
    ),
    "table_unreadable": Cause(
        "读不懂终端的人员表，未作改动",
        "the user table of the terminal makes no sense; nothing was changed",
        "在终端菜单上处理，并联系支持人员",
        "do it in the terminal's menu, and call support",
    ),
    "revoke_overdue": Cause(
        "离职人员的撤销指令超过一天未执行，此人可能仍能在这台终端打卡",
        "a leaver's revocation has been open for more than a day: this terminal may still know the person",
        "恢复终端联系；或在终端菜单上删除此人。详情见 hall-edge staff orders",
        "bring the terminal back, or delete the person in its menu; see hall-edge staff orders",
    ),
    "revoke_failed": Cause(
        "离职人员未能从这台终端撤销",
        "a leaver could not be removed from this terminal",
        "在终端菜单上删除此人，再执行一次 hall-edge staff revoke 确认",
        "delete the person in its menu, then run hall-edge staff revoke again to see that it is so",
    ),
    "staff_unreadable": Cause(
        "一条人员指令的文件损坏，读不出来",
        "the file of a staff order is damaged and cannot be read",
        "重新下发该指令，然后删除数据目录 staff 中的这个文件",
        "give that order again, then delete this file in the folder staff of the data",
    ),
}
