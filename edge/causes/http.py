"""What can be wrong with a device that is asked over HTTP."""

from edge.causes.cause import Cause

HTTP: dict[str, Cause] = {
    "login_refused": Cause(
        "设备拒绝登录：用户名或密码不对",
        "the device refuses the login: wrong user name or password",
        "核对 username 和 password_file；多次失败设备会锁定登录，改好后等待几分钟",
        "check username and password_file; repeated failures lock the login, so wait some minutes afterwards",
    ),
    "login_locked": Cause(
        "设备因多次登录失败锁定了登录",
        "the device has locked the login after repeated failures",
        "核对密码文件，等待约 30 分钟自动解锁，或重启设备",
        "check the password file; it unlocks by itself after some 30 minutes, or when it is restarted",
    ),
    "basic_only": Cause(
        "设备只支持基本认证，密码会明文传输，未登录",
        "the device knows only basic authentication, which shows the password; nothing was sent",
        '升级固件或使用 https；确认网络可信后可在配置中写 auth = "basic"',
        'update the firmware or use https; on a network you trust you may set auth = "basic"',
    ),
    "password_unreadable": Cause(
        "读不到设备的密码文件",
        "the device's password file cannot be read",
        "检查 password_file 的路径、权限，内容应只有密码一行",
        "check path and permissions of password_file; it holds the password alone, in one line",
    ),
    "no_permission": Cause(
        "该用户无权读取设备上的数据",
        "this user may not read what is asked for",
        "在设备上给该用户“远程查看日志/状态”权限，或换用管理员",
        "give the user the right to view logs and status remotely, or use the administrator",
    ),
    "not_supported": Cause(
        "设备不支持读取门禁事件的接口",
        "the device has no interface for its access events",
        "核对型号和驱动名称；更新固件",
        "check model and driver name; update the firmware",
    ),
    "redirected": Cause(
        "设备要求转到另一个地址，未跟随",
        "the device sends us to another address, which was not followed",
        "设备可能只开放 https：在配置中写 https = true、ca_file 和端口",
        "it may speak https alone: set https = true, ca_file and the port",
    ),
    "certificate_untrusted": Cause(
        "设备的证书不是由所配 CA 签发，或不含它的 IP 地址",
        "the device's certificate is not of the CA in the config, or does not name its IP address",
        "在设备上生成含其 IP 的证书，并把 CA 写入 ca_file；不要绕过验证",
        "make a certificate that names the IP on the device, and put its CA into ca_file",
    ),
    "answer_unreadable": Cause(
        "设备的应答无法读懂",
        "the device's answers cannot be understood",
        "核对驱动名称；重启设备或更新固件；持续出现请联系支持人员",
        "check the driver name; restart the device or update it; if it stays, call support",
    ),
    "answers_contradict": Cause(
        "设备的查询结果自相矛盾，打卡照收，数据完整性待定",
        "the answers to the search contradict each other; punches are taken, completeness stays pending",
        "更新设备固件；持续出现请联系厂家",
        "update the firmware; if it stays, call the vendor",
    ),
    "log_gap": Cause(
        "设备日志中有编号未能读到",
        "numbers of the device's log were not handed out",
        "夜间会重新读取，也可运行 hall-edge reread；仍缺则已不在设备上",
        "they are asked for again at night, or by hall-edge reread; what is missing then is no longer there",
    ),
    "zone_changed": Cause(
        "设备的时区被改过，日志时间全部变动；为防止重复计数已停止读取",
        "the device's time zone was changed and with it every time in its log; reading stopped",
        "在设备上把时区改回 GMT+8，关闭夏令时",
        "set the zone on the device back to GMT+8, without daylight saving",
    ),
    "epoch_unclear": Cause(
        "设备记录的时间比它的时钟超前，可能把本地时间当作 UTC 记录；未导入",
        "its records are ahead of its clock: it may count local time as if it were UTC; nothing was taken",
        "核对设备时钟和最近一次打卡；属实时在配置中写 utc_offset_minutes = 0，否则写 480",
        "compare clock and newest punch; if so set utc_offset_minutes = 0, if the clock was set back 480",
    ),
}
