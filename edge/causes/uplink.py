"""What can be wrong on the way upstream."""

from edge.causes.cause import Cause

UPLINK: dict[str, Cause] = {
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
        "部分事件被上行服务器或上级应用拒收，已搁置，其余照常发送",
        "some events are refused by the broker or the upstream application and set aside; the rest flows",
        "按 hall-edge parked 所示原因，请上级检查主题权限、消息大小上限或接收程序；再运行 hall-edge requeue",
        "see hall-edge parked; ask upstream to check topic permissions, message size or its consumer;"
        " then run hall-edge requeue",
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
    "taken_over": Cause(
        "另一台机器以本大厅的名义登录，连接被顶替",
        "another machine logs in as this hall and takes its connection over",
        "查找并停用本机数据库的副本或克隆的机器",
        "find and stop the copy of this machine or of its database",
    ),
    "nobody_confirms": Cause(
        "未指定确认应用，没有人确认收到数据",
        "no application is asked to confirm; nobody confirms receipt",
        "在配置的 [uplink] confirm 中填写上级应用名",
        "name the upstream application in [uplink] confirm",
    ),
}
