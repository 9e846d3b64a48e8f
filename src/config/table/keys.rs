//! The settings themselves, in the order of the docs.

use super::{Form, Key, Kind, Stage};

mod records;

use records::{GROUP_KEYS, NODE_KEY_KEYS};

const BASE: Key = Key {
    path: "",
    kind: Kind::Boolean,
    default: None,
    nullable: false,
    secret: false,
    stage: Stage::Used,
    english: "",
    chinese: "",
};

const PORT: Kind = Kind::Integer { min: 0, max: 65535 };

/// A port that is somebody else's, who has one.
const NODE_PORT: Kind = Kind::Integer { min: 1, max: 65535 };

/// All settings, in the order of the docs.
pub const KEYS: &[Key] = &[
    Key {
        path: "server.host",
        kind: Kind::Text(Form::ListenAddress),
        default: Some("\"127.0.0.1\""),
        english: "Address to listen on. The default is reachable from this machine only; `0.0.0.0` or `::` is every address, and then an access token is needed (see `auth.mode`).",
        chinese: "监听地址。默认值只能从本机访问；`0.0.0.0` 或 `::` 表示所有地址，此时需要访问令牌（见 `auth.mode`）。",
        ..BASE
    },
    Key {
        path: "server.port",
        kind: PORT,
        default: Some("8999"),
        english: "Port to listen on. 0 takes any free one and prints it.",
        chinese: "监听端口。0 表示任选一个空闲端口并打印出来。",
        ..BASE
    },
    Key {
        path: "server.behind_proxy",
        kind: Kind::Boolean,
        default: Some("false"),
        english: "A reverse proxy publishes this server: `X-Forwarded-For` and `X-Real-IP` are believed if they come from `server.trusted_proxies`, and an access token is needed (see `auth.mode`).",
        chinese: "本服务由反向代理对外发布：来自 `server.trusted_proxies` 的 `X-Forwarded-For` 和 `X-Real-IP` 会被采信，并且需要访问令牌（见 `auth.mode`）。",
        ..BASE
    },
    Key {
        path: "server.trusted_proxies",
        kind: Kind::List(Form::Network),
        default: Some("[\"127.0.0.1/32\", \"::1/128\"]"),
        english: "Where that proxy may be: addresses or ranges in CIDR notation. Forwarded headers from anywhere else are ignored.",
        chinese: "该代理可能所在的地址或 CIDR 网段。来自其他地址的转发头一律忽略。",
        ..BASE
    },
    Key {
        path: "server.base_path",
        kind: Kind::Text(Form::BasePath),
        default: Some("\"/\""),
        english: "Path below which everything is served, for a proxy that publishes smonitor under a sub-path. Begins and ends with `/`.",
        chinese: "所有内容所在的路径，用于代理把 smonitor 发布在子路径下的情形。必须以 `/` 开头并以 `/` 结尾。",
        ..BASE
    },
    Key {
        path: "server.allowed_hosts",
        kind: Kind::List(Form::Domain),
        default: Some("[]"),
        english: "More names under which this server may be called (checked in `Host` and `Origin`), besides its own addresses and host name. Without port; `.example.org` stands for every name below it.",
        chinese: "除本机地址和主机名之外，允许用来访问本服务的其他名称（用于检查 `Host` 和 `Origin`）。不含端口；`.example.org` 表示其下的所有名称。",
        ..BASE
    },
    Key {
        path: "server.public_url",
        kind: Kind::Text(Form::Url),
        default: Some("null"),
        nullable: true,
        english: "Address under which people reach this server, used for the links it prints. null: made from `server.host` and `server.port`.",
        chinese: "用户访问本服务所用的网址，用于打印出来的链接。null 表示由 `server.host` 和 `server.port` 拼出。",
        ..BASE
    },
    Key {
        path: "server.allow",
        kind: Kind::List(Form::Network),
        default: Some("[]"),
        english: "Who may connect: addresses or ranges in CIDR notation; everybody else is hung up on. Behind a proxy it is about the client that the proxy names, who gets 403. Empty: everybody. To lock nobody out of the machine itself, name `127.0.0.1` and `::1` too.",
        chinese: "允许连接的地址或 CIDR 网段；其余一律断开。位于代理之后时，按代理所报告的客户端地址判断，不允许者得到 403。空列表表示所有人。如需从本机访问，请同时写上 `127.0.0.1` 和 `::1`。",
        ..BASE
    },
    Key {
        path: "server.tls.mode",
        kind: Kind::Choice(&["off", "self_signed", "files"]),
        default: Some("\"off\""),
        english: "Whether HTTPS is served, on the same port as HTTP: `self_signed` makes a certificate at the first start and keeps it in the state folder (`smonitor fingerprint` prints what it is known by), `files` takes that of `server.tls.certificate`. Plain HTTP goes on being answered; apps that are to trust a node pin its fingerprint.",
        chinese: "是否提供 HTTPS，与 HTTP 使用同一端口：`self_signed` 在首次启动时生成证书并保存在状态目录（`smonitor fingerprint` 打印其指纹）；`files` 使用 `server.tls.certificate` 中的证书。HTTP 仍会应答；需要信任某节点的 app 应固定其指纹。",
        ..BASE
    },
    Key {
        path: "server.tls.certificate",
        kind: Kind::Text(Form::Path),
        default: Some("null"),
        nullable: true,
        english: "File with the certificate and those of who signed it, in PEM, for `files`. Read at start only: restart after renewing it.",
        chinese: "`files` 所用的证书文件（PEM，含签发者的证书链）。只在启动时读取：更新证书后请重启。",
        ..BASE
    },
    Key {
        path: "server.tls.key",
        kind: Kind::Text(Form::Path),
        default: Some("null"),
        nullable: true,
        english: "File with the certificate's private key, in PEM, readable by its owner only.",
        chinese: "证书私钥文件（PEM），应仅其所有者可读。",
        ..BASE
    },
    Key {
        path: "monitor.mode",
        kind: Kind::Choice(&["node", "app"]),
        default: Some("\"node\""),
        english: "`node` measures the machine it runs on. `app` shows the nodes of `monitor.host_groups` and `monitor.hosts_file` on one page.",
        chinese: "`node` 监测所在的机器。`app` 在一个页面上展示 `monitor.host_groups` 和 `monitor.hosts_file` 中的节点。",
        ..BASE
    },
    Key {
        path: "monitor.site_name",
        kind: Kind::Text(Form::Title),
        default: Some("\"smonitor\""),
        english: "Title of the page, 1 to 100 characters.",
        chinese: "页面标题，1 到 100 个字符。",
        ..BASE
    },
    Key {
        path: "monitor.interval",
        kind: Kind::Seconds { min: 0.5, max: 3600.0 },
        default: Some("2"),
        english: "How often values are read while somebody looks. Nobody looking means nothing is read.",
        chinese: "有人查看时读取数据的间隔。无人查看时不读取任何数据。",
        ..BASE
    },
    Key {
        path: "monitor.process_interval",
        kind: Kind::Seconds { min: 0.5, max: 3600.0 },
        default: Some("2"),
        english: "The same for the process table, which costs more to read than the rest.",
        chinese: "进程表的读取间隔；读取进程表的开销比其他数据大。",
        ..BASE
    },
    Key {
        path: "monitor.linger",
        kind: Kind::Seconds { min: 0.0, max: 3600.0 },
        default: Some("30"),
        english: "How long reading goes on after the last viewer has left, so that a reload of the page finds fresh values and rates.",
        chinese: "最后一位查看者离开后继续读取的时长，使刷新页面时仍有新数据和速率。",
        ..BASE
    },
    Key {
        path: "monitor.host_groups",
        kind: Kind::Records(GROUP_KEYS),
        default: Some("[]"),
        english: "The nodes that an `app` shows, in groups; at most 4096 of them in all, and no two with the same name or address.",
        chinese: "`app` 所展示的节点，按组排列；总数不超过 4096，名称和地址均不得重复。",
        ..BASE
    },
    Key {
        path: "monitor.hosts_file",
        kind: Kind::Text(Form::Path),
        default: Some("null"),
        nullable: true,
        english: "A text file with more nodes for an `app`, one a line as in `patterns`; blank lines, and what follows `#`, count for nothing. They go into the group that is called as the file is without its ending. Read at start and when settings are read anew.",
        chinese: "`app` 的更多节点：文本文件，每行一个，写法同 `patterns`；空行以及 `#` 之后的内容会被忽略。这些节点归入以文件名（不含扩展名）命名的组。在启动和重新读取设置时读取。",
        ..BASE
    },
    Key {
        path: "monitor.idle_interval",
        kind: Kind::Seconds { min: 1.0, max: 3600.0 },
        default: Some("15"),
        english: "How often an `app` asks its nodes while nobody looks, so that the page is full when somebody comes. While somebody looks it is `monitor.interval`.",
        chinese: "无人查看时 `app` 询问各节点的间隔，使有人打开页面时已有数据。有人查看时按 `monitor.interval`。",
        ..BASE
    },
    Key {
        path: "monitor.down_after",
        kind: Kind::Seconds { min: 5.0, max: 86400.0 },
        default: Some("60"),
        english: "After how long without an answer a node counts as down; never less than four times as often as it is asked.",
        chinese: "节点多长时间没有应答即视为离线；至少为询问间隔的四倍。",
        ..BASE
    },
    Key {
        path: "gpu.track_states",
        kind: Kind::Boolean,
        default: Some("true"),
        english: "Whether graphics cards are read every 15 s while nobody looks, so that \"idle since\" and \"held without being used\" are true for the first who comes. Where there is no card nothing is read.",
        chinese: "无人查看时是否仍每 15 秒读取一次显卡，使第一位查看者看到的“空闲自”和“占用闲置”属实。没有显卡的机器上不读取任何数据。",
        ..BASE
    },
    Key {
        path: "gpu.wake",
        kind: Kind::Boolean,
        default: Some("false"),
        english: "Whether cards that runtime power management has switched off (laptops) are woken to be read. If not, they are shown as asleep.",
        chinese: "是否为了读取数据而唤醒被运行时电源管理关闭的显卡（笔记本电脑）。否则显示为休眠。",
        ..BASE
    },
    Key {
        path: "gpu.library",
        kind: Kind::Text(Form::Path),
        default: Some("null"),
        nullable: true,
        english: "Path of the driver's library, where the system's loader does not find `libnvidia-ml.so.1`. null: the loader looks.",
        chinese: "驱动库的路径，用于系统加载器找不到 `libnvidia-ml.so.1` 的情形。null 表示由加载器查找。",
        ..BASE
    },
    Key {
        path: "containers.engines",
        kind: Kind::List(Form::Engine),
        default: Some("[]"),
        english: "Container engines that are asked for names, images and states of containers: `unix:///run/docker.sock`, `tcp://127.0.0.1:2375`, Docker or Podman. Everything else about containers comes from control groups and needs none. Who may connect to an engine's socket could do anything with it; smonitor only ever sends three GET requests.",
        chinese: "用于查询容器名称、镜像和状态的容器引擎：`unix:///run/docker.sock`、`tcp://127.0.0.1:2375`，支持 Docker 和 Podman。容器的其他数据均来自控制组，不需要引擎。能连接引擎套接字者可以对其为所欲为；smonitor 只发送三种 GET 请求。",
        ..BASE
    },
    Key {
        path: "auth.mode",
        kind: Kind::Choice(&["auto", "token", "none"]),
        default: Some("\"auto\""),
        english: "`auto` asks for the access token unless the server listens on loopback only and no proxy publishes it. `token` always asks. `none` never asks, and warns where others can reach it.",
        chinese: "`auto`：除非只监听环回地址且没有代理对外发布，否则要求访问令牌。`token`：始终要求。`none`：从不要求，若他人可以访问则给出警告。",
        ..BASE
    },
    Key {
        path: "auth.role",
        kind: Kind::Choice(&["guest", "member", "admin"]),
        default: Some("\"member\""),
        english: "Role of whoever holds the access token, or of everybody where none is needed: `guest` sees load but no names and no processes, `member` sees processes with secrets in command lines masked, `admin` sees command lines in full.",
        chinese: "持有访问令牌者的角色；不需要令牌时则是所有人的角色：`guest` 只看负载，看不到人名和进程；`member` 可看进程，命令行中的密钥被遮盖；`admin` 可看完整命令行。",
        ..BASE
    },
    Key {
        path: "peer.allow",
        kind: Kind::List(Form::Network),
        default: Some("[]"),
        english: "Which apps may ask this node: addresses or ranges in CIDR notation, of those that may connect at all. Empty: all of them.",
        chinese: "哪些 app 可以询问本节点：地址或 CIDR 网段（前提是允许连接）。空列表表示不另加限制。",
        ..BASE
    },
    Key {
        path: "peer.allow_plain",
        kind: Kind::Boolean,
        default: Some("false"),
        english: "Whether apps on other machines may ask without TLS. What a node tells then, and the key it is shown, can be read by whoever is on the way.",
        chinese: "是否允许其他机器上的 app 不经 TLS 询问。此时节点的数据以及所出示的密钥会被途中的任何人看到。",
        ..BASE
    },
    Key {
        path: "peer.keys",
        kind: Kind::Records(NODE_KEY_KEYS),
        default: Some("[]"),
        english: "Keys of apps that may ask this node, besides those who have its access token. `smonitor key new` makes one; it lets in nowhere else and sees what a member sees.",
        chinese: "除访问令牌之外，允许询问本节点的 app 的密钥。用 `smonitor key new` 生成；它只能用于询问节点，所见与 member 相同。",
        ..BASE
    },
    Key {
        path: "state_dir",
        kind: Kind::Text(Form::Path),
        default: Some("null"),
        nullable: true,
        english: "The only folder smonitor writes to. null: `$XDG_STATE_HOME/smonitor` if that variable is set, else `/var/lib/smonitor` for root and `~/.local/state/smonitor` for others; in mode app `smonitor-app` in the same place. A relative path in a config file starts at the file's folder.",
        chinese: "smonitor 唯一会写入的目录。null：若设置了 `XDG_STATE_HOME` 则为 `$XDG_STATE_HOME/smonitor`，否则 root 用 `/var/lib/smonitor`，其他用户用 `~/.local/state/smonitor`；app 模式下为同一位置的 `smonitor-app`。配置文件中的相对路径以该文件所在目录为起点。",
        ..BASE
    },
    Key {
        path: "log.access",
        kind: Kind::Boolean,
        default: Some("true"),
        english: "Whether each request is logged.",
        chinese: "是否记录每个请求。",
        ..BASE
    },
    Key {
        path: "log.level",
        kind: Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        default: Some("\"info\""),
        english: "The least important messages that are logged.",
        chinese: "日志的最低级别。",
        ..BASE
    },
    Key {
        path: "log.format",
        kind: Kind::Choice(&["text", "json"]),
        default: Some("\"text\""),
        english: "Form of the log on standard error: lines to read, or one JSON object a line.",
        chinese: "标准错误输出上的日志格式：便于阅读的文本行，或每行一个 JSON 对象。",
        ..BASE
    },
    Key {
        path: "limits.viewers",
        kind: Kind::Integer { min: 1, max: 100_000 },
        default: Some("2000"),
        english: "Open WebSocket connections at most. One more is told to come back later.",
        chinese: "WebSocket 连接总数上限。超出者会被告知稍后再试。",
        ..BASE
    },
    Key {
        path: "limits.viewers_per_address",
        kind: Kind::Integer { min: 1, max: 100_000 },
        default: Some("200"),
        english: "The same for one client address.",
        chinese: "单个客户端地址的连接数上限。",
        ..BASE
    },
    Key {
        path: "limits.subscriptions_per_viewer",
        kind: Kind::Integer { min: 1, max: 1000 },
        default: Some("16"),
        english: "Topics that one connection may subscribe to.",
        chinese: "单个连接可订阅的主题数上限。",
        ..BASE
    },
    Key {
        path: "sandbox.mode",
        kind: Kind::Choice(&["auto", "require", "off"]),
        default: Some("\"auto\""),
        english: "Whether the kernel keeps the server from starting programs, writing outside of the state folder and connecting to other machines. `auto`: as far as this kernel can; `smonitor doctor` says how far. `require`: not starting where any of it is missing. `off`: not at all, with a warning.",
        chinese: "是否由内核禁止服务启动程序、在状态目录之外写入以及连接其他机器。`auto`：在本机内核支持的范围内，`smonitor doctor` 会说明；`require`：缺少任何一项就不启动；`off`：完全不限制，并给出警告。",
        ..BASE
    },
    Key {
        path: "manager.mode",
        kind: Kind::Choice(&["self", "supervisor"]),
        default: Some("\"self\""),
        english: "Who starts the server again when it died or hangs: `self` is smonitor's own manager, which keeps the port open meanwhile; `supervisor` is supervisord or systemd.",
        chinese: "服务崩溃或卡死后由谁重新启动：`self` 是 smonitor 自带的管理进程，期间保持端口打开；`supervisor` 是 supervisord 或 systemd。",
        ..BASE
    },
    Key {
        path: "manager.host",
        kind: Kind::Text(Form::ListenAddress),
        default: Some("\"127.0.0.1\""),
        english: "Address on which the manager tells how the server is and takes `POST /restart`.",
        chinese: "管理进程的监听地址：查询服务状态，并接受 `POST /restart`。",
        ..BASE
    },
    Key {
        path: "manager.port",
        kind: PORT,
        default: Some("6999"),
        english: "Port for that. 0 takes any free one and prints it. If it is taken, the manager works without, and says so.",
        chinese: "管理进程的监听端口。0 表示任选一个空闲端口并打印出来。若端口已被占用，管理进程照常工作，只是没有该端口，并会说明。",
        ..BASE
    },
    Key {
        path: "history.enabled",
        kind: Kind::Boolean,
        default: Some("false"),
        stage: Stage::Later,
        english: "Whether values are kept, to be looked at later.",
        chinese: "是否保存历史数据以供日后查看。",
        ..BASE
    },
];
