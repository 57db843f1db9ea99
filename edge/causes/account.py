"""How the account of a terminal and day stands, and why nothing can be said."""

from edge.causes.cause import Cause

ACCOUNTS: dict[str, Cause] = {
    "rec_equal": Cause(
        "一致：终端上的记录全部已存，并由上级确认",
        "equal: all that is on the terminal is stored and confirmed upstream",
        "无需处理",
        "nothing to do",
    ),
    "rec_more_here": Cause(
        "一致：终端上的全部已存并确认；终端上已少于本机（被清除或覆盖）",
        "equal, and more is here than on the terminal by now (cleared or overwritten)",
        "若没有人清除过终端，请核对多出的记录",
        "if nobody cleared the terminal, look at the records that are here alone",
    ),
    "rec_unproved": Cause(
        "终端上的全部已存并确认；另有仅由推送而来、终端自己的记录里没有的打卡，可能是伪造，不作数",
        "all on the terminal is stored and confirmed; besides, some were only pushed and its own log does not"
        " show them: they may be forged and do not count",
        "在终端菜单中核对这一天的打卡；确为伪造则查找网段内的陌生设备",
        "compare that day with the terminal's menu; if they are forged, find what else is in its network",
    ),
    "rec_missing": Cause(
        "有缺：终端上有本机没有的记录，重读后仍缺",
        "missing: the terminal holds records that are not stored, also after reading it again",
        "运行 hall-edge reread，仍缺则导出日志并联系支持人员",
        "run hall-edge reread; if they stay missing export the log and call support",
    ),
    "rec_unconfirmed": Cause(
        "已全部存入，部分尚待上级确认",
        "all is stored, some is not confirmed upstream yet",
        "检查上行状态；确认后自动重新对账",
        "look at the uplink; it is accounted for again by itself",
    ),
    "rec_pending": Cause(
        "待定：有无法辨认的记录，可能属于这一天",
        "pending: records that made no sense may be of that day",
        "在终端菜单上核对隔离的记录",
        "compare what is in quarantine with the terminal's menu",
    ),
    "rec_unknown": Cause(
        "未知，不下结论",
        "unknown: no verdict",
        "按所示原因处理；终端恢复后自动重新对账",
        "do what the reason says; it is accounted for again by itself",
    ),
    "records_lost": Cause(
        "这台终端的记录可能有丢失（日志被清除、覆盖或换机）",
        "records of this terminal may be lost (log cleared, overwritten, or terminal replaced)",
        "若有其 U 盘导出文件，用 hall-edge import-punches 导入（已换下则加 --serial）；否则该时段不得判缺勤",
        "import its USB export: import-punches (--serial if replaced); else nobody counts as absent then",
    ),
    "not_counted": Cause(
        "这台终端还没有完整读取过",
        "this terminal has not been read whole yet",
        "等待，或运行 hall-edge reread",
        "wait, or run hall-edge reread",
    ),
    "driver_counts_not": Cause(
        "这类终端的驱动不清点终端上的记录",
        "the driver of this family does not count what is on the terminal",
        "在终端菜单上核对",
        "compare with the terminal's menu",
    ),
    "other_terminal_counted": Cause(
        "读取的是另一台终端（序列号不同）",
        "what was read whole is another terminal (another serial number)",
        "核对终端序列号",
        "check the terminal's serial number",
    ),
    "terminal_gone": Cause(
        "这台终端已被换下，无法再清点；只列出它交给本机的和上级已确认的",
        "this terminal was replaced and cannot be counted any more; shown is what it had handed over, and"
        " how much of that upstream has confirmed",
        "若有其 U 盘导出文件，用 hall-edge import-punches 导入（已换下则加 --serial）；否则该时段不得判缺勤",
        "import its USB export: import-punches (--serial if replaced); else nobody counts as absent then",
    ),
    "proof_unwritten": Cause(
        "对账单文件没有写成（对账结果本身已存）",
        "the files of the account could not be written (the account itself is stored)",
        "检查磁盘空间和 [account] folder 的权限；可用 hall-edge reconcile --stored --html 另写",
        "check disk space and the permissions of folder in [account];"
        " hall-edge reconcile --stored --html writes it elsewhere",
    ),
    "terminal_replaced": Cause(
        "这一天在该处的是另一台终端，此后已换机",
        "on that day another terminal stood there; it was replaced since",
        "看换机前最后一次对账；旧终端的 U 盘导出文件可用 hall-edge import-punches --serial 导入",
        "see its last account before that; import the old terminal's export by import-punches --serial",
    ),
    "day_not_over": Cause(
        "最近一次完整读取时这一天还没有结束",
        "the day was not over when the terminal was read whole last",
        "次日再对账",
        "ask again the day after",
    ),
    "day_not_kept": Cause(
        "日期太久，逐条比对的依据已不保留",
        "that day is too long ago to be compared record by record",
        "在终端菜单上核对",
        "compare with the terminal's menu",
    ),
}
