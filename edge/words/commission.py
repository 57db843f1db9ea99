"""What people read while a hall is taken into service: discover, add-device, recordings, upload."""

COMMISSION: dict[str, tuple[str, str]] = {
    "range.unreadable": (
        "{network}: 不是网段，应写作 192.168.1.0/24",
        "{network}: no network; write it as 192.168.1.0/24",
    ),
    "range.foreign": (
        "{network}: 不在内网，不扫描；确属本厅网络时写入配置 [site] device_networks",
        "{network}: not a private network, not scanned; if it is yours, add it to device_networks in [site]",
    ),
    "range.large": (
        "{network}: 地址太多，一次最多 {most} 个；写明设备所在的小网段，如 192.168.1.0/24",
        "{network}: too many addresses, {most} at most at once; name the devices' network, as 192.168.1.0/24",
    ),
    "range.skipped": (
        "未扫描 {network}: 地址太多；需要时写明其中的小网段",
        "not scanned: {network}, too many addresses; name a part of it if devices stand there",
    ),
    "range.none": (
        "不知道扫描哪里: 写明设备所在网段，如 hall-edge discover 192.168.1.0/24",
        "nothing to scan: name the devices' network, as hall-edge discover 192.168.1.0/24",
    ),
    "found.scanning": ("扫描 {networks}（{n} 个地址）", "scanning {networks} ({n} addresses)"),
    "found.asked": (
        "已询问 {n}/{all} 个地址，发现 {found} 台",
        "{n} of {all} addresses asked, {found} found",
    ),
    "found.no_mdns": (
        "未监听 mDNS: 没有安装附加组件，pip install 'hall-edge[discover]'",
        "mDNS not listened to: the extra is not installed, pip install 'hall-edge[discover]'",
    ),
    "found.mdns_failed": ("mDNS 无法使用: {why}", "mDNS cannot be used: {why}"),
    "found.nothing": (
        "没有发现设备: 检查设备电源、网线、是否在同一网段；设备可能改了端口（--port 驱动=端口）",
        "nothing found: check power and cable, and that it is the devices' network; a device may have another"
        " port (--port DRIVER=PORT)",
    ),
    "found.address": ("地址", "address"),
    "found.family": ("驱动", "driver"),
    "found.model": ("型号", "model"),
    "found.serial": ("序列号", "serial number"),
    "found.configured": ("已配置为", "configured as"),
    "found.next": ("下一步", "next step"),
    "found.in_use": ("已在使用", "in use"),
    "add.name_taken": (
        "{name}: 配置中已有这台设备，换一个编号",
        "{name}: in the config already, take another id",
    ),
    "add.address_taken": (
        "该地址已是配置中的 {name}",
        "this address is {name} in the config already",
    ),
    "add.serial_taken": (
        "序列号 {serial} 已是配置中的 {name}；同一台终端只配置一次。未写入",
        "serial number {serial} is {name} in the config already: a terminal has one table. Nothing written",
    ),
    "add.nothing": ("配置文件未改动", "the config was not changed"),
    "add.changed": (
        "{file}: 期间有人改动了该文件，未写入；请再执行一次",
        "{file}: somebody changed it meanwhile, nothing was written; run this again",
    ),
    "add.ask_password": (
        "{name} 的登录密码（不显示，存入单独的文件）",
        "password of {name} (not shown; kept in a file of its own)",
    ),
    "add.ask_key": (
        "{name} 的通信密码，数字（不显示，存入单独的文件）",
        "comm key of {name}, a number (not shown; kept in a file of its own)",
    ),
    "add.secret_there": (
        "{path}: {why}；确认内容后用 --password-file 或 --comm-key-file 写明它，或先删除",
        "{path}: {why}; look into it and name it by --password-file or --comm-key-file, or remove it first",
    ),
    "add.written": (
        "已写入 [device.{name}]；原文件另存为 {backup}",
        "[device.{name}] written; the old file is {backup}",
    ),
    "add.secret": ("密码存于 {path}", "its secret is in {path}"),
    "add.calls": (
        "这台设备主动上报，无法询问；最近来呼: {last} {where}",
        "this device calls us and cannot be asked; it last called at {last} from {where}",
    ),
    "add.since": (
        "启用日 {day}: 首次读取时更早的记录不上传（in_service_from）",
        "in service from {day}: what lies before is not sent at first contact (in_service_from)",
    ),
    "add.restart": (
        "下一步: systemctl restart hall-edge，然后 hall-edge status",
        "next step: systemctl restart hall-edge, then hall-edge status",
    ),
    "add.start": (
        "下一步: systemctl start hall-edge，然后 hall-edge status",
        "next step: systemctl start hall-edge, then hall-edge status",
    ),
    "record.there": ("{file}: 已存在，换一个文件名", "{file}: exists already, take another name"),
    "record.in_use": (
        "守护进程正在使用 {name}；若设备只接受一个连接，先 hall-edge service {name} out --reason 录制",
        "the daemon is using {name}; if it takes one connection alone, first: hall-edge service {name} out"
        " --reason recording",
    ),
    "record.again": (
        "{name}: {why}；重新连接，继续录制",
        "{name}: {why}; connecting again, the recording goes on",
    ),
    "record.begun": (
        "正在录制 {name} 的呼叫，{n} 分钟；按 Ctrl-C 提前结束",
        "recording what {name} says when it calls, for {n} minutes; Ctrl-C ends it earlier",
    ),
    "record.written": (
        "对话 {n} 条已写入 {file}；其中 {withheld} 条内容涉及密码或人员，只留长度和摘要。可以发给技术支持",
        "{n} messages written to {file}; of {withheld} only length and hash: they hold secrets or people."
        " It may be sent to support",
    ),
    "upload.title": ("导入终端的 U 盘导出文件", "import a terminal's USB export"),
    "upload.about": (
        "选择终端自己导出的考勤文件（*_attlog.dat）。先查看，不写入；确认后导入。重复的记录不会计两次",
        "Choose the file the terminal exported itself (*_attlog.dat). It is looked at first, and taken in"
        " when you say so. Nothing counts twice",
    ),
    "upload.file": ("文件", "file"),
    "upload.serial": (
        "序列号（从未联系过的终端必填）",
        "serial number (of a terminal that was never in contact)",
    ),
    "upload.look": ("查看", "look at it"),
    "upload.looking": ("正在查看……", "looking at it …"),
    "upload.take": ("确认导入", "take it in"),
    "upload.taking": ("正在导入……请不要关闭", "taking it in … do not close this page"),
    "upload.until": (
        "我确认文件完整到这一时刻（不确定就留空）",
        "I confirm that the file is complete up to this moment (leave empty if unsure)",
    ),
    "upload.force": (
        "已知记录全对不上；我确认这是该终端的文件，仍要导入",
        "none of its past is known; I confirm that it is this terminal's file, take it all the same",
    ),
    "upload.script": (
        "本页需要 JavaScript；或在边缘机上用 hall-edge import-punches",
        "this page needs JavaScript; or use hall-edge import-punches",
    ),
    "upload.foreign": (
        "这台终端完整读过的时段，文件中有 {n} 条，却没有一条对得上: 多半是别的终端的文件，或列的含义不同",
        "{n} of its records are of a time that was read completely, and none of them is known: it is another"
        " terminal's file, or its columns mean something else",
    ),
    "upload.kept": (
        "已导入 {n} 条；完整时刻未移动: {why}",
        "{n} taken; the moment up to which all is complete was not moved: {why}",
    ),
    "upload.gone": ("没有待确认的文件，请重新查看", "no file waits for a yes; look at it again"),
    "upload.busy": ("另一个文件正在处理，稍后再试", "another file is being handled; try again later"),
    "upload.large": ("文件超过 {most} MB，不是一台终端的导出", "more than {most} MB: no terminal's export"),
    "upload.no_lines": ("不是考勤导出文件：没有分行", "no export of punches: it has no lines"),
    "upload.cut": ("上传中断，请重试", "the upload broke off; try again"),
}
