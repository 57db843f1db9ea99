"""Where a punch can be, or why it is nowhere: the answers of `hall-edge trace`."""

from edge.causes.cause import Cause

TRACE: dict[str, Cause] = {
    "hop_confirmed": Cause(
        "上级应用已确认收到",
        "the upstream application has confirmed it",
        "本大厅无需处理；上级若查不到，请其按下列事件编号和序号核对",
        "nothing here; if upstream cannot find it, ask them to look for the event id and number below",
    ),
    "hop_sent": Cause(
        "已发出，上级应用尚未确认",
        "it was sent; the upstream application has not confirmed it yet",
        "稍候；若长时间不变，请上级检查接收程序",
        "wait; if it stays so, ask upstream to check its consumer",
    ),
    "hop_waiting": Cause(
        "已存本机，等待上传",
        "it is stored here and waits to be sent",
        "按上行一栏的说明处理；数据不会丢失",
        "do what the uplink's cause says; nothing is lost",
    ),
    "hop_aside": Cause(
        "已存本机，但被上级或服务器拒收而搁置",
        "it is stored here, but was refused upstream and set aside",
        "请上级按所示原因处理，然后运行 hall-edge requeue",
        "ask upstream to deal with the reason shown, then run hall-edge requeue",
    ),
    "hop_unproved": Cause(
        "已由推送收到，但终端自己的日志尚未证实，不计入",
        "it was pushed, but the terminal's own log has not shown it yet: it does not count so far",
        "等待下一次核对；长时间不证实则可能是伪造的推送，查看该终端的状态",
        "wait for the next look at its log; if it stays so it may be forged: see the terminal's state",
    ),
    "hop_purged": Cause(
        "上级确认后保留期满，本机内容已清除，存根仍在",
        "it was confirmed and kept long enough; its content was emptied here, the stub stays",
        "向上级查询内容",
        "ask upstream for its content",
    ),
    "hop_erased": Cause(
        "内容已依法删除，存根仍在",
        "its content was erased by law, the stub stays",
        "见审计事件 person.erase",
        "see the audit event person.erase",
    ),
    "hop_before_service": Cause(
        "早于该终端的启用日，按规定不上传",
        "it precedes the terminal's service and is not sent",
        "核对配置中的 in_service_from",
        "check in_service_from in the config",
    ),
    "hop_quarantined": Cause(
        "终端上有写着此人号码但无法辨认的记录，已隔离",
        "a record that names this person made no sense and is in quarantine",
        "在终端菜单上核对这条记录，由主管补签",
        "look the record up in the terminal's menu; let a supervisor sign for it",
    ),
    "hop_gap": Cause(
        "该时段终端上的记录可能已丢失（日志被清除、覆盖或换机）",
        "what the terminal recorded then may be lost (log cleared, overwritten, or terminal replaced)",
        "若有终端的 U 盘导出文件，用 hall-edge import-punches 导入；否则由主管补签",
        "import the terminal's USB export with hall-edge import-punches, or let a supervisor sign for it",
    ),
    "hop_out_of_service": Cause(
        "该终端已停用，停用期间的记录没有读取",
        "this terminal is out of service and is not read",
        "恢复启用：hall-edge service DEVICE in",
        "put it back into service: hall-edge service DEVICE in",
    ),
    "hop_not_read": Cause(
        "该终端的记录尚未读到这一时刻，现在下不了结论",
        "this terminal has not been read up to that moment yet: nothing can be said",
        "按该终端的状态说明处理，恢复后再查",
        "do what the terminal's cause says, then ask again",
    ),
    "hop_clock_off": Cause(
        "该终端时钟偏差大，记录可能记在别的时间下",
        "this terminal's clock is off: the punch may stand under another time",
        "看下列此人附近的打卡；校准终端时钟 hall-edge set-time",
        "look at this person's other punches below; set the clock with hall-edge set-time",
    ),
    "hop_maybe_quarantined": Cause(
        "该终端在这一时段有无法辨认的记录，其中可能有这一条",
        "records of this terminal of about that time made no sense; it may be one of them",
        "在终端菜单上核对该时段的记录",
        "compare with the records in the terminal's menu",
    ),
    "hop_too_early": Cause(
        "该时刻早于这台终端的启用日",
        "that moment precedes this terminal's service",
        "核对日期，或配置中的 in_service_from",
        "check the date, or in_service_from in the config",
    ),
    "hop_not_on_terminal": Cause(
        "该终端已完整读到这一时刻之后，没有这个人的记录",
        "this terminal was read completely beyond that moment and holds no such record",
        "核对人员号码，是否在别的终端打卡，是否验证未通过，或终端设了重复打卡间隔",
        "check the user number, another terminal, a failed verification, the duplicate-punch period",
    ),
    "hop_no_terminal": Cause(
        "没有这台终端，或还没有任何终端被读取过",
        "there is no such terminal, or none was ever read",
        "运行 hall-edge status 查看终端",
        "run hall-edge status to see the terminals",
    ),
}
