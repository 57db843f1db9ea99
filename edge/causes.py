"""Every cause of trouble, in Chinese and English, each with its next step: nothing is ever a bare «offline».

Drivers name a cause by its word; a test sees a word that is missing here.
"""

from typing import NamedTuple


class Cause(NamedTuple):
    """What is wrong, and what to do next, in both languages."""

    zh: str
    en: str
    next_zh: str
    next_en: str


CAUSES: dict[str, Cause] = {
    "ok": Cause("正常", "working", "", ""),
    "starting": Cause("正在首次联系", "first contact under way", "等待一分钟", "wait a minute"),
    "no_answer": Cause(
        "设备没有应答",
        "the device does not answer",
        "检查电源、网线和 IP 地址；在本机 ping 设备",
        "check power, cable and IP address; ping the device from this machine",
    ),
    "connection_lost": Cause(
        "连接中断，正在重连",
        "the connection broke, reconnecting",
        "若反复出现，检查网线和交换机端口，或是否有其他软件同时连接",
        "if it keeps happening check cable and switch port, or other software connected to the device",
    ),
    "garbled": Cause(
        "收到的数据校验不符",
        "what arrives fails its checksum",
        "检查网线和交换机；重启设备",
        "check cable and switch; restart the device",
    ),
    "foreign_device": Cause(
        "该地址上的设备说的不是这种协议",
        "what answers at this address speaks another protocol",
        "核对 IP、端口和驱动名称",
        "check IP, port and driver name",
    ),
    "encrypted_firmware": Cause(
        "新固件加密了 4370 端口，无法拉取",
        "this firmware encrypts port 4370 and cannot be polled",
        "在设备上改用 PUSH (ADMS) 方式，并配置 adms 驱动",
        "switch the device to PUSH (ADMS) and configure the adms driver",
    ),
    "wrong_key": Cause(
        "通信密码不对",
        "the comm key is wrong",
        "在设备菜单中查看通信密码，写入 comm_key_file 指定的文件",
        "read the comm key in the device menu and write it to the file named by comm_key_file",
    ),
    "comm_key_unreadable": Cause(
        "读不到通信密码文件",
        "the comm key file cannot be read",
        "检查 comm_key_file 的路径、权限，内容应为一个数字",
        "check path and permissions of comm_key_file; it holds one number",
    ),
    "no_serial": Cause(
        "设备不报告序列号，记录无法唯一标识",
        "the device reports no serial number, so its records cannot be named",
        "更新固件或更换设备",
        "update the firmware or replace the device",
    ),
    "layout_unknown": Cause(
        "考勤记录格式无法识别，未导入任何记录",
        "the log's record layout is unknown; nothing was imported",
        "运行 hall-edge probe 并把结果交给支持人员；已知格式时可在配置中写 layout",
        "run hall-edge probe and send the result to support; set layout in the config if you know it",
    ),
    "layout_changed": Cause(
        "考勤记录格式变了（固件升级？），为防止重复计数已停止读取",
        "the record layout changed (firmware update?); reading stopped so that nothing counts twice",
        "核实升级情况后在配置中写明 layout",
        "confirm the update, then set layout in the config",
    ),
    "counter_disagrees": Cause(
        "设备自报条数多于实际读到的条数，数据完整性待定",
        "the device claims more records than it hands out; completeness stays pending",
        "在设备菜单中核对记录数；持续出现请联系厂家",
        "compare the count in the device menu; if it stays, call the vendor",
    ),
    "clock_off": Cause(
        "设备时钟偏差超过 60 秒，时间已校正并标记",
        "the device clock is off by more than 60 s; times are corrected and flagged",
        "在上下班时段之外校准设备时钟",
        "set the device clock outside duty hours",
    ),
    "no_data": Cause(
        "连接正常，但尚无任何记录",
        "connected, but there is no record yet",
        "打一次卡试试",
        "make a test punch",
    ),
    "intake_closed": Cause(
        "本机暂停接收，数据留在设备上",
        "this machine takes nothing now; the data stays on the device",
        "检查磁盘空间与隔离区数量",
        "check disk space and the number of quarantined records",
    ),
    "disk_low": Cause(
        "磁盘剩余空间不多", "the disk is filling up", "清理磁盘上的其他文件", "remove other files from it"
    ),
    "disk_nearly_full": Cause(
        "磁盘将满，已提前清空上级已确认的到期数据",
        "the disk is nearly full; what upstream holds and has aged is emptied early",
        "尽快清理磁盘上的其他文件；再满就会暂停接收",
        "remove other files from the disk soon; the next step is that intake stops",
    ),
    "disk_full": Cause(
        "磁盘已满，暂停接收；数据留在设备上，已存数据照常上传",
        "the disk is full; nothing is taken in, the data stays on the devices, what is stored is still sent",
        "清理磁盘上的其他文件；腾出空间后一分钟内自动恢复",
        "remove other files from the disk; it resumes by itself within a minute",
    ),
    "inodes_low": Cause(
        "磁盘可建文件数不多", "the disk can hold few more files", "删除大量的小文件", "remove small files"
    ),
    "inodes_gone": Cause(
        "磁盘可建文件数已用尽，暂停接收；数据留在设备上",
        "the disk can hold no more files; nothing is taken in, the data stays on the devices",
        "删除磁盘上大量的小文件；一分钟内自动恢复",
        "remove small files from the disk; it resumes by itself within a minute",
    ),
    "storage_read_only": Cause(
        "磁盘变为只读（可能已损坏），暂停接收；数据留在设备上，已存数据照常上传",
        "the disk has become read-only (worn out?); nothing is taken in, what is stored is still sent",
        "备份并更换磁盘；恢复可写后重启本机",
        "save what is on it and replace the disk; restart this machine once it can be written",
    ),
    "storage_failing": Cause(
        "磁盘写入出错，数据留在设备上，正在重试",
        "writing to the disk fails; the data stays on the devices, it is tried again",
        "查看系统日志；若持续，备份并更换磁盘",
        "look at the system log; if it lasts, save what is on the disk and replace it",
    ),
    "wal_grows": Cause(
        "有程序长时间占用数据库，预写日志无法收回",
        "a program reads the database and does not end; the write-ahead log cannot be cut",
        "关闭打开数据库的其他程序（浏览、备份工具）",
        "close other programs that hold the database open (browsers, backup tools)",
    ),
    "store_busy": Cause(
        "本机数据库响应慢，稍后重试",
        "the local database is slow; it will be tried again",
        "检查磁盘健康",
        "check the disk",
    ),
    "hung": Cause(
        "驱动超时无响应，已重新启动该驱动",
        "the driver hung and was started afresh",
        "若反复出现，导出日志并联系支持人员",
        "if it keeps happening, export the log and call support",
    ),
    "bug": Cause(
        "程序出错，正在重新开始",
        "a fault in the program; it begins anew",
        "把日志中的错误信息交给支持人员",
        "send the traceback in the log to support",
    ),
    "config_error": Cause(
        "该设备配置有误，已停用",
        "this device's configuration is wrong; it is disabled",
        "运行 hall-edge check-config 并按提示修改",
        "run hall-edge check-config and mend what it names",
    ),
    "disabled": Cause("已在配置中停用", "disabled in the config", "", ""),
    "uplink_disabled": Cause(
        "未配置上行服务器",
        "no upstream broker is configured",
        "在配置的 [uplink] 中填写 host",
        "set host in [uplink]",
    ),
    "broker_unreachable": Cause(
        "连不上上行服务器，数据保存在本机",
        "the upstream broker cannot be reached; everything is kept here",
        "检查外网线路、服务器地址和端口；公网地址还须写入服务单元的 IPAddressAllow",
        "check line, address and port; a public address also needs IPAddressAllow in the unit",
    ),
    "broker_refused": Cause(
        "上行服务器拒绝登录",
        "the broker refuses the login",
        "核对用户名、密码文件，或请上级平台开通权限",
        "check user name and password file, or ask upstream for access",
    ),
    "file_unreadable": Cause(
        "读不到 [uplink] 中写的证书或密码文件",
        "a certificate or password file named in [uplink] cannot be read",
        "检查文件路径和权限",
        "check the file's path and permissions",
    ),
    "tls_failed": Cause(
        "与上行服务器的加密连接未能建立",
        "the TLS connection to the broker could not be made",
        "核对 CA 证书、服务器名、端口和协议版本",
        "check CA certificate, host name, port and TLS version",
    ),
    "no_tls_there": Cause(
        "上行服务器中断了加密握手，这个端口可能没有加密",
        "the broker cuts the TLS handshake off: this port may have no TLS",
        "核对端口：加密通常是 8883",
        "check the port: TLS usually is 8883",
    ),
    "certificate_expired": Cause(
        "上行服务器的证书已过期（或本机时间超前）",
        "the broker's certificate has expired, or this machine's clock is ahead",
        "核对本机时间；时间无误则请上级平台更换证书",
        "check this machine's clock; if it is right, ask upstream for a new certificate",
    ),
    "certificate_not_yet_valid": Cause(
        "上行服务器的证书尚未生效，本机时间可能落后",
        "the broker's certificate is not yet valid: this machine's clock may be behind",
        "核对本机时间；时间无误则请上级平台检查证书",
        "check this machine's clock; if it is right, ask upstream to check the certificate",
    ),
    "certificate_unknown_ca": Cause(
        "上行服务器的证书不是由所配 CA 签发",
        "the broker's certificate was not issued by the CA in the config",
        "核对 [uplink] ca_file；不要绕过验证，这也可能是有人冒充",
        "check [uplink] ca_file; it may also be an impostor",
    ),
    "certificate_other_host": Cause(
        "上行服务器的证书属于另一个主机名",
        "the broker's certificate is for another host name",
        "核对 [uplink] host；须与证书中的名称一致",
        "check [uplink] host: it must be a name in the certificate",
    ),
    "closed_before_login": Cause(
        "服务器在登录前断开连接",
        "the broker closes the connection before the login",
        "核对客户端证书 (cert_file、key_file) 是否有效、端口和协议",
        "check the client certificate (cert_file, key_file), port and protocol",
    ),
    "certificate_expires": Cause(
        "上行连接的证书即将到期",
        "a certificate of the uplink expires soon",
        "请在到期前换上新证书；换文件后无需重启",
        "put a new certificate in place before that; no restart is needed",
    ),
    "publish_refused": Cause(
        "上行服务器拒收部分消息，已搁置，其余照常发送",
        "the broker refuses some messages; they are set aside, the rest flows",
        "请上级平台检查该大厅的主题权限和消息大小上限",
        "ask upstream to check this hall's topic permissions and the message size it takes",
    ),
    "nobody_listens": Cause(
        "上行服务器上没有人订阅本大厅的消息",
        "nobody subscribes to this hall at the broker",
        "请上级平台检查接收程序",
        "ask upstream to check its consumer",
    ),
    "no_receipt": Cause(
        "消息已发出，但上级应用一直没有确认",
        "events were sent, but the upstream application does not confirm them",
        "请上级平台检查接收程序；数据保留在本机并会重发",
        "ask upstream to check its consumer; everything stays here and is sent again",
    ),
    "receipt_refused": Cause(
        "收到与本机账目不符的确认，未采信",
        "a receipt did not fit our chain and was not obeyed",
        "请上级平台核对；不会丢失数据",
        "ask upstream to check; nothing is lost",
    ),
    "refused_upstream": Cause(
        "上级应用收到了部分事件但无法使用",
        "the upstream application holds some events that it cannot use",
        "把编号和原因交给支持人员；其余照常",
        "send number and reason to support; the rest flows",
    ),
    "nobody_confirms": Cause(
        "未指定确认应用，没有人确认收到数据",
        "no application is asked to confirm; nobody confirms receipt",
        "在配置的 [uplink] confirm 中填写上级应用名",
        "name the upstream application in [uplink] confirm",
    ),
    "clock_untrusted": Cause(
        "本机时间未经确认，暂不上传",
        "this machine's clock is not trusted yet; nothing is sent",
        "检查 NTP 时间同步；或校准本机时间后运行 hall-edge clock --confirm",
        "check NTP synchronisation; or set this machine's clock, then run hall-edge clock --confirm",
    ),
    "clock_suspected": Cause(
        "多台终端一致表明本机时间偏差超过 60 秒",
        "several terminals agree that this machine's clock is off by more than 60 s",
        "核对本机时间（hall-edge clock）和 NTP 服务器；本机时间无误则校准终端",
        "check this machine's clock (hall-edge clock) and its NTP server; if it is right, set the terminals",
    ),
    "page_unavailable": Cause(
        "状态页端口被占用，页面未启动",
        "the status page's port is taken; there is no page",
        "在配置的 [web] 中换一个 port，或停止占用它的程序",
        "choose another port in [web], or stop what uses it",
    ),
}
