//! The one table of settings. The checker, the names of environment variables, the configuration
//! page of the docs and `check-config` are all made from it; nothing else lists settings.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Where it is: `server.port`. Inside [`Kind::Records`] only the last name.
    pub path: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is if nobody says, as JSON. None: it must be given (only inside records).
    pub default: Option<&'static str>,
    /// Whether null is allowed, and what null stands for is said in the description.
    pub nullable: bool,
    /// Never shown, and its file should be readable by its owner only.
    pub secret: bool,
    /// What becomes of it in this version.
    pub stage: Stage,
    /// One sentence for the docs.
    pub english: &'static str,
    /// The same sentence in Chinese.
    pub chinese: &'static str,
}

/// Whether a setting does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It does.
    Used,
    /// It is checked and then ignored: its feature is not built yet.
    Later,
}

/// What a setting may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// true or false.
    Boolean,
    /// A whole number in a closed range.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A number of seconds in a closed range; fractions are fine.
    Seconds {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text of this form.
    Text(Form),
    /// A list of texts of this form.
    List(Form),
    /// A list of objects with these settings.
    Records(&'static [Key]),
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An address to listen on: IPv4, IPv6 or `localhost`.
    ListenAddress,
    /// A host name or an IP address, without port.
    HostName,
    /// The same, or a domain with a leading dot for every name below it.
    Domain,
    /// A range of addresses: `10.0.0.0/8`, or one address.
    Network,
    /// `/` or `/something/`.
    BasePath,
    /// `http://…` or `https://…`.
    Url,
    /// 1 to 100 characters to show.
    Title,
    /// A path of the file system.
    Path,
    /// Where a container engine listens: `unix:///path` or `tcp://host:port`.
    Engine,
}

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
        path: "monitor.mode",
        kind: Kind::Choice(&["node", "app"]),
        default: Some("\"node\""),
        english: "`node` measures the machine it runs on. `app` puts several nodes together; it is not built yet.",
        chinese: "`node` 监测所在的机器。`app` 汇总多个节点，目前尚未实现。",
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
        stage: Stage::Later,
        english: "The nodes that an `app` shows, in groups.",
        chinese: "`app` 所展示的节点，按组排列。",
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
        path: "state_dir",
        kind: Kind::Text(Form::Path),
        default: Some("null"),
        nullable: true,
        english: "The only folder smonitor writes to. null: `$XDG_STATE_HOME/smonitor` if that variable is set, else `/var/lib/smonitor` for root and `~/.local/state/smonitor` for others. A relative path in a config file starts at the file's folder.",
        chinese: "smonitor 唯一会写入的目录。null：若设置了 `XDG_STATE_HOME` 则为 `$XDG_STATE_HOME/smonitor`，否则 root 用 `/var/lib/smonitor`，其他用户用 `~/.local/state/smonitor`。配置文件中的相对路径以该文件所在目录为起点。",
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

const GROUP_KEYS: &[Key] = &[
    Key {
        path: "name",
        kind: Kind::Text(Form::Title),
        english: "Name of the group.",
        chinese: "组名。",
        ..BASE
    },
    Key {
        path: "hosts",
        kind: Kind::Records(HOST_KEYS),
        english: "Its hosts.",
        chinese: "组内的主机。",
        ..BASE
    },
];

const HOST_KEYS: &[Key] = &[
    Key {
        path: "name",
        kind: Kind::Text(Form::Title),
        english: "Name to show.",
        chinese: "显示名称。",
        ..BASE
    },
    Key {
        path: "address",
        kind: Kind::Text(Form::HostName),
        english: "Host name or IP address of the node.",
        chinese: "节点的主机名或 IP 地址。",
        ..BASE
    },
    Key {
        path: "port",
        kind: Kind::Integer { min: 1, max: 65535 },
        default: Some("8999"),
        english: "Port of the node.",
        chinese: "节点的端口。",
        ..BASE
    },
];

impl Key {
    /// The environment variable that sets it: `SMONITOR_SERVER_BEHIND_PROXY`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{}{}", VARIABLE_PREFIX, self.path.replace('.', "_").to_ascii_uppercase())
    }

    /// What is wanted of a value, to go on after "wanted".
    #[must_use]
    pub fn wanted(&self) -> String {
        let wanted = self.kind.wanted();
        if self.nullable { format!("{wanted}, or null") } else { wanted }
    }
}

/// What the names of our environment variables begin with.
pub const VARIABLE_PREFIX: &str = "SMONITOR_";

impl Kind {
    fn wanted(self) -> String {
        match self {
            Self::Boolean => "true or false".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Seconds { min, max } => format!("a number of seconds from {min} to {max}"),
            Self::Choice(words) => one_of(words),
            Self::Text(form) => form.one().to_owned(),
            Self::List(form) => format!("a list of {}", form.many()),
            Self::Records(keys) => {
                let names: Vec<_> = keys.iter().map(|key| key.path).collect();
                format!("a list of objects with {}", names.join(", "))
            }
        }
    }
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl Form {
    pub(super) fn one(self) -> &'static str {
        match self {
            Self::ListenAddress => "an IP address of this machine, or \"localhost\"",
            Self::HostName => "a host name or an IP address, without scheme and port",
            Self::Domain => {
                "a host name, an IP address or a domain like \".example.org\", without scheme and port"
            }
            Self::Network => "an IP address or a range like \"10.0.0.0/8\"",
            Self::BasePath => "a path like \"/\" or \"/monitor/\" that begins and ends with /",
            Self::Url => "an address like \"https://monitor.example.org/\"",
            Self::Title => "1 to 100 characters without line breaks",
            Self::Path => "a path written out (~ and $ are not expanded)",
            Self::Engine => {
                "an address like \"unix:///run/docker.sock\" or \"tcp://127.0.0.1:2375\""
            }
        }
    }

    fn many(self) -> &'static str {
        match self {
            Self::ListenAddress => "IP addresses of this machine",
            Self::HostName => "host names or IP addresses, without scheme and port",
            Self::Domain => {
                "host names, IP addresses or domains like \".example.org\", without scheme and port"
            }
            Self::Network => "IP addresses or ranges like \"10.0.0.0/8\"",
            Self::BasePath => "paths that begin and end with /",
            Self::Url => "addresses like \"https://monitor.example.org/\"",
            Self::Title => "texts of 1 to 100 characters without line breaks",
            Self::Path => "paths written out",
            Self::Engine => "addresses like \"unix:///run/docker.sock\"",
        }
    }
}

#[cfg(test)]
mod tests;
