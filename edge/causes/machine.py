"""What can be wrong with this machine: disk, database, clock, page."""

from edge.causes.cause import Cause

MACHINE: dict[str, Cause] = {
    "document_refused": Cause(
        "文件未被采用，仍用上一份",
        "a document is refused; the one before stays in force",
        "按提示修改该文件并增加 version；用 hall-edge check-config 检查",
        "mend what is named and raise its version; hall-edge check-config checks it",
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
        "磁盘读写出错，数据留在设备上，正在重试",
        "reading or writing the disk fails; the data stays on the devices, it is tried again",
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
    "database_salvaged": Cause(
        "本机数据库曾损坏，完好的记录已救回，其余从各终端重新读取",
        "the local database was damaged; what was whole was saved, the terminals are read again",
        "检查磁盘健康 (smartctl) 和供电；缺失的编号已报上级",
        "check the disk (smartctl) and the power supply; missing numbers were reported upstream",
    ),
    "damaged_file_kept": Cause(
        "损坏的数据库文件仍保留在数据目录中，占用磁盘",
        "a damaged database file is kept in the data folder and takes room",
        "把 edge.db.corrupt-* 交给支持人员，然后删除",
        "hand edge.db.corrupt-* to support, then delete it",
    ),
    "log_altered": Cause(
        "本机事件日志中有一处与写入时不符",
        "a row of the local log is not as it was written",
        "运行 hall-edge verify 并把结果交给监督人员；原样保留，勿改动数据库",
        "run hall-edge verify and hand its result to the auditors; leave the database as it is",
    ),
    "older_copy_found": Cause(
        "本机数据库是较旧的副本，已开启新账期，未确认的数据会重发",
        "the local database is an older copy; a new epoch has begun and what is unconfirmed is sent again",
        "查明是谁放回了旧文件；恢复备份请用 hall-edge restore",
        "find out who put the old file back; to restore a backup use hall-edge restore",
    ),
    "database_lost": Cause(
        "本机数据库不见了，已新建，正从各终端重新读取",
        "the local database was gone; a new one was made and the terminals are read again",
        "查明是谁删除了数据目录中的 edge.db；有备份可用 hall-edge restore 恢复",
        "find out who deleted edge.db in the data folder; a backup can be restored with hall-edge restore",
    ),
    "page_unavailable": Cause(
        "状态页端口被占用，页面未启动",
        "the status page's port is taken; there is no page",
        "在配置的 [web] 中换一个 port，或停止占用它的程序",
        "choose another port in [web], or stop what uses it",
    ),
    "office_unavailable": Cause(
        "管理网页 (office) 打不开，采集不受影响",
        "the pages for people cannot be opened; collecting goes on",
        "核对 [office] 的 host 是本机地址、port 未被占用；每分钟自动重试",
        "check that [office] host is an address of this machine and port is free; tried again each minute",
    ),
    "office_no_certificate": Cause(
        "管理网页 (office) 还没有证书，未打开",
        "the pages for people have no certificate yet and stay shut",
        "运行 hall-edge certificate，并核对显示的指纹；一分钟内自动打开",
        "run hall-edge certificate and keep the fingerprint it shows; they open within a minute",
    ),
    "office_certificate_bad": Cause(
        "管理网页 (office) 的证书文件无法使用",
        "the certificate file of the pages for people cannot be used",
        "运行 hall-edge certificate --renew 重新制作",
        "make it anew: hall-edge certificate --renew",
    ),
    "office_certificate_ends": Cause(
        "管理网页 (office) 的证书即将到期",
        "the certificate of the pages for people ends soon",
        "运行 hall-edge certificate --renew 重新制作，一分钟内生效，再核对新指纹",
        "run hall-edge certificate --renew; it is taken within a minute; compare the new fingerprint",
    ),
    "port_unavailable": Cause(
        "设备上报端口没有打开，设备暂时无法呼叫本机",
        "the port that devices call cannot be opened; they cannot call for now",
        "核对 [listen] 的 host 是本机在设备网段的地址、port 未被占用；会自动重试",
        "check that [listen] host is this machine's address there and port is free; it is tried again",
    ),
}
