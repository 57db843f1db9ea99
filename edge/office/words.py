"""What the people's pages say, in Chinese and English; loaded with them alone."""

from drivers.evaluation.levels import NAMES
from edge.office.forms.words import FORMS
from edge.words import LANGS, Lang

OFFICE: dict[str, tuple[str, str]] = {
    "title": ("大厅管理", "hall office"),
    "login": ("登录", "log in"),
    "logout": ("退出", "log out"),
    "name": ("账号", "account"),
    "password": ("密码", "password"),
    "wrong": ("账号或密码不对", "wrong account or password"),
    "wait": ("尝试过多，请 {s} 秒后再试", "too many attempts; try again in {s} s"),
    "stale": ("页面已过期，请重试", "this page is out of date; try again"),
    "other_language": ("English", "中文"),
    "fingerprint": (
        "首次使用：浏览器所示证书指纹 (SHA-256) 须与本机 hall-edge certificate 显示的一致",
        "at first use: the fingerprint (SHA-256) your browser shows of this certificate must be the one that"
        " hall-edge certificate shows on the machine itself",
    ),
    "forgotten": (
        "忘记密码：请技术员在本机运行 hall-edge account reset",
        "forgotten it? a technician runs hall-edge account reset on this machine",
    ),
    "change_password": ("修改密码", "change the password"),
    "change_first": (
        "首次登录必须更换初始密码，之后才能使用",
        "replace the first password before anything else",
    ),
    "old": ("现在的密码", "present password"),
    "new": ("新密码", "new password"),
    "again": ("再输一次", "once more"),
    "save": ("保存", "save"),
    "password_rule": (
        "至少 12 个字符，不含账号，不要 123456 一类",
        "at least 12 characters, without the account name",
    ),
    "pin_rule": ("6–12 位数字", "6–12 digits"),
    "fault.short": ("太短，至少 12 个字符", "too short: at least 12 characters"),
    "fault.long": ("太长", "too long"),
    "fault.dull": ("太简单，容易被猜到", "too simple, it would be guessed"),
    "fault.name": ("不能包含账号", "must not contain the account name"),
    "fault.digits": ("应为 6–12 位数字", "must be 6–12 digits"),
    "fault.differ": ("两次输入不同", "the two are not the same"),
    "changed": ("密码已更换，其他登录已结束", "the password is changed; other sessions have ended"),
    "role.window": ("窗口", "window"),
    "role.supervisor": ("监督", "supervisor"),
    "role.technician": ("技术员", "technician"),
    "role.auditor": ("审计", "auditor"),
    "nav.devices": ("设备", "devices"),
    "nav.import": ("U 盘导入", "USB import"),
    "nav.supervision": ("监督", "supervision"),
    "nav.audit": ("审计", "audit"),
    "nav.own": ("我的密码", "my password"),
    "nav.pairing": ("配对", "pairing"),
    "nav.codes": ("二维码", "codes"),
    "no_codes": (
        '没有可打印的二维码：在评价方案中写省级网址或图片 (provincial)，或配置 driver = "phone"',
        "no code yet: name addresses or pictures in the evaluation profile (provincial), or configure"
        ' driver = "phone"',
    ),
    "codes_how": (
        "用浏览器打印（Ctrl-P），每个二维码一页；省发图片按原样打印。更换本厅码: hall-edge qr --renew",
        "print from the browser (Ctrl-P), one code a page; the province's pictures are printed as they are."
        " To replace the hall's own codes: hall-edge qr --renew",
    ),
    "code_for": (
        "{device} 的一次性配对码，五分钟内有效",
        "one-time code for {device}, good for five minutes",
    ),
    "code_how": (
        "在平板或窗口电脑打开该窗口的网址，输入此码；只能用一次，离开本页后不再显示",
        "open the window's address on the tablet or desk and type it there; it works once",
    ),
    "all_systems": ("排队叫号、业务系统（全厅）", "queue and business systems (the whole hall)"),
    "no_pairable": ("配置中没有需要配对的设备", "no device in the config needs pairing"),
    "no_key": ("尚未配对", "not paired yet"),
    "new_code": ("新配对码", "new code"),
    "unpair": ("撤销", "revoke"),
    "part.tablet": ("平板评价器", "tablet"),
    "part.desk": ("窗口电脑", "window desk"),
    "part.system": ("叫号或业务系统", "queue or business system"),
    "attention": ("需要处理", "to see to"),
    "nothing": ("没有需要处理的事项", "nothing needs to be seen to"),
    "next": ("下一步", "next step"),
    "since": ("自", "since"),
    "device": ("设备", "device"),
    "state": ("状态", "state"),
    "counts": ("终端/已存", "on device / stored"),
    "action": ("操作", "action"),
    "accept": ("确认换机，接受 {serial}", "accept the terminal {serial}"),
    "accept_why": (
        "核对机身序列号后再确认；旧终端未读的记录将无法取得",
        "compare the serial number on its case first; what was not read from the old one is out of reach",
    ),
    "turned_away": ("呼叫本机而被拒绝的设备", "devices that called and were turned away"),
    "approve": ("批准", "let it in"),
    "approve_name": ("名称", "name"),
    "approve_new": (
        "先核对机身标签上的序列号；批准后守护进程重新开始，约数秒",
        "compare the serial number on its case first; the daemon then begins anew, which takes seconds",
    ),
    "approve_moved": (
        "它自称是 {device}，但地址不同：先在设备菜单中核对其 IP",
        "it claims to be {device}, from another address: look up its IP in its menu first",
    ),
    "service_out": ("停用", "take out of service"),
    "service_in": ("恢复启用", "put back into service"),
    "reason": ("原因", "reason"),
    "reread": ("完整读取", "read it whole"),
    "people": ("终端上的人员", "people on terminals"),
    "staff-push": ("下发人员", "put a person on terminals"),
    "staff-revoke": ("撤销离职人员", "take a leaver off terminals"),
    "user_number": ("终端上的用户号", "user number on the terminals"),
    "person_name": ("姓名", "name"),
    "card_number": ("卡号（不填则不改）", "card number (empty: as it is)"),
    "on_terminals": ("终端", "terminals"),
    "all_terminals": ("全部", "all"),
    "order_done": ("已执行: {text}", "done: {text}"),
    "order_refused": ("未执行: {text}", "not done: {text}"),
    "not_known": ("没有这个操作", "there is no such order"),
    "forbidden": ("您的角色无权使用此页", "your role may not use this page"),
    "ratings": ("评价", "ratings"),
    "no_ratings": ("尚无评价", "no rating yet"),
    "complaints": ("投诉与留言", "complaints and guestbook"),
    "no_complaints": ("尚无投诉与留言", "no complaint or entry yet"),
    "inspections": ("检查记录", "inspections"),
    "no_inspections": ("尚无检查记录", "no inspection yet"),
    "bad_rating": ("收到差评", "a bad rating"),
    "time": ("时间", "time"),
    "window": ("窗口", "window"),
    "staff": ("工号", "staff"),
    "level": ("满意度", "level"),
    "detail": ("内容", "content"),
    "flags": ("标记", "flags"),
    "live": ("实时", "live"),
    "lost": ("连接已断开，正在重连", "connection lost, trying again"),
    **{f"level.{level}": names for level, names in NAMES.items()},
    "who": ("操作人", "who"),
    "role": ("角色", "role"),
    "target": ("对象", "target"),
    "result": ("结果", "result"),
    "result.done": ("完成", "done"),
    "result.failed": ("失败", "failed"),
    "result.refused": ("拒绝", "refused"),
    "no_audit": ("尚无审计记录", "no audit yet"),
    "audit_scope": ("最近 {n} 条；完整记录: hall-edge events", "the newest {n}; all: hall-edge events"),
    **FORMS,
    "role.edge": ("本机", "edge"),
    "role.upstream": ("上级", "upstream"),
    "role.unknown": ("未知", "unknown"),
}


def told(lang: Lang, key: str, **values: object) -> str:
    """The text of `key`, with `values` filled in."""
    return OFFICE[key][LANGS.index(lang)].format(**values)


def named(lang: Lang, kind: str, name: object) -> str:
    """The text of `kind.name`; a name this release does not know is shown as it is."""
    key = f"{kind}.{name}"
    return told(lang, key) if key in OFFICE else str(name)
