"""What can be wrong with a device, or between it and us."""

from edge.causes.cause import Cause

DEVICE: dict[str, Cause] = {
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
    "never_called": Cause(
        "该设备主动上报，但还没有呼叫过本机",
        "this device is to call us and has not called yet",
        "在设备菜单的云服务/ADMS 设置中填本机 IP 和 [listen] 的端口；核对序列号",
        "in its menu set this machine's IP and the port of [listen] as cloud (ADMS) server; check the serial",
    ),
    "silent": Cause(
        "设备不再呼叫本机",
        "the device has stopped calling",
        "检查设备电源和网线；在其菜单中核对云服务/ADMS 的服务器地址；在本机 ping 设备",
        "check its power and cable, and the ADMS server address in its menu; ping it from this machine",
    ),
    "calls_us": Cause(
        "该设备只会主动呼叫本机，无法询问；守护进程此刻没有它的消息",
        "this device only calls us and cannot be asked; the daemon has not heard from it now",
        "运行 hall-edge status 看守护进程是否在运行、设备何时联系过",
        "run hall-edge status: is the daemon up, and when did the device call last",
    ),
    "push_encrypted": Cause(
        "设备要求加密上报，本机未提供",
        "the device wants to encrypt its push, which is not offered",
        "在设备的云服务/ADMS 设置中关闭加密",
        "turn encryption off in its cloud (ADMS) settings",
    ),
    "push_unconfirmed": Cause(
        "有上报的打卡在终端自己的记录里查不到，可能是伪造",
        "punches were pushed that the terminal's own log does not show: they may be forged",
        "在终端菜单中核对所列打卡；确为伪造则查找网段内的陌生设备，并核对 address",
        "look for the punches named here in the terminal's menu; if forged, find what else is in its network",
    ),
    "push_unproved": Cause(
        "终端不回答对其记录的查询，上报的打卡一直是「未证实」",
        "the terminal does not answer questions about its log, so what it pushes stays unconfirmed",
        '更新其固件；或为同一台终端再加一个 driver = "zk" 的设备表（4370 端口）',
        'update its firmware, or add a second table for the same terminal with driver = "zk" (port 4370)',
    ),
    "push_flood": Cause(
        "设备主动上报的记录多到不像有人打卡，已限速；其余由它保留、稍后再发",
        "it pushes more records than people can punch; it is slowed down, and keeps the rest for later",
        "它在重发全部旧记录时等待即可；否则可能有人冒充，查找网段内的陌生设备",
        "if it is sending its whole log again, wait; else look for what else is in its network",
    ),
    "push_access": Cause(
        "设备以门禁协议上报，不是考勤协议，收不到打卡",
        "the device pushes as access control, not as attendance: no punch arrives",
        "在设备菜单中把设备类型/上报协议改为考勤 (T&A PUSH)",
        "in its menu set the device type or protocol to attendance (T&A PUSH)",
    ),
    "unknown_terminal": Cause(
        "未配置的设备在呼叫本机，已拒绝",
        "a device that is not configured calls this machine and is turned away",
        "核对考勤机标签上的序列号：是本大厅的则批准，否则查明是谁",
        "compare with the serial on the label: a terminal of this hall? Let it in; else find out who it is",
    ),
    "unknown_pusher": Cause(
        "有海康威视协议的推送来自未配置的地址，已拒绝",
        "a Hikvision push comes from an address that no device table names, and is turned away",
        '若是本大厅的终端，加一个 driver = "hikvision"、host 为该地址的设备表；否则查明是谁',
        'a terminal of this hall? Add a device table with driver = "hikvision" and host = this address;'
        " else find out who it is",
    ),
    "other_address": Cause(
        "有人从别的地址自称是这台设备，已拒绝",
        "somebody claims to be this device from another address and is turned away",
        "在设备菜单中核对其 IP：确已改成所列地址则批准，否则可能有人冒充，请查明",
        "look up its IP in its menu: is it the one named here? Let it in; else find out: an impostor?",
    ),
    "forged_requests": Cause(
        "有人冒充这台设备发送伪造或重放的请求，已全部拒绝",
        "somebody sends forged or repeated requests in this device's name; all are refused",
        "查看审计中的来源地址，检查该网段接入了什么；必要时在配对页撤销并重新配对",
        "look up the address in the audit and what is plugged in there; if in doubt revoke and pair anew",
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
        "在上下班时段之外运行 hall-edge set-time，或在设备菜单中校准",
        "outside duty hours run hall-edge set-time, or set it in the device menu",
    ),
    "terminal_swapped": Cause(
        "该地址上换了一台终端（序列号或型号变了），已停止读取",
        "another terminal answers at this address (serial number or model changed); it is not read",
        "核实是否换机；是则运行 hall-edge accept，否则检查 IP 地址冲突",
        "was it replaced? then run hall-edge accept; if not, look for a clash of IP addresses",
    ),
    "out_of_service": Cause(
        "已由人停用，不读取",
        "taken out of service by a person; it is not read",
        "恢复启用：hall-edge service DEVICE in",
        "to put it back: hall-edge service DEVICE in",
    ),
    "log_nearly_full": Cause(
        "终端存储已用八成以上，满后可能不再记录",
        "the terminal's log is filled by more than 80 %; once full it may record no more",
        "先对账（hall-edge reconcile）确认全部已由上级收到，再在设备菜单中清除旧记录",
        "first hall-edge reconcile shows that upstream has all; then clear old records in the device menu",
    ),
    "duplicate_period": Cause(
        "终端设有重复打卡间隔：其间同一人再打卡不被记录，外出和返回可能漏记",
        "the terminal drops a second punch of a person within its duplicate-punch period:"
        " a leave and a return may go unrecorded",
        "在终端菜单中把重复打卡间隔（重复确认时间）设为 0",
        "set the duplicate-punch period to 0 in its menu",
    ),
    "cyclic_delete_off": Cause(
        "终端未开循环删除：存满后不再记录打卡",
        "cyclic delete is off: once its log is full the terminal records no more punches",
        "在终端菜单中打开循环删除（循环覆盖）；全部记录已由本机存下",
        "turn cyclic delete (overwrite) on in its menu; all that it holds is stored here",
    ),
    "no_data": Cause(
        "连接正常，但尚无任何记录",
        "connected, but there is no record yet",
        "打一次卡试试",
        "make a test punch",
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
}
