//! The settings inside lists of objects.

use super::{BASE, Form, Key, Kind, NODE_PORT};

pub(super) const GROUP_KEYS: &[Key] = &[
    Key {
        path: "name",
        kind: Kind::Text(Form::Title),
        english: "Name of the group.",
        chinese: "组名。",
        ..BASE
    },
    Key {
        path: "port",
        kind: NODE_PORT,
        default: Some("null"),
        nullable: true,
        english: "Port of its nodes that name none themselves. null: 8999.",
        chinese: "组内未写端口的节点所用的端口。null 表示 8999。",
        ..BASE
    },
    Key {
        path: "hosts",
        kind: Kind::Records(HOST_KEYS),
        default: Some("[]"),
        english: "Its hosts.",
        chinese: "组内的主机。",
        ..BASE
    },
    Key {
        path: "patterns",
        kind: Kind::List(Form::NodePattern),
        default: Some("[]"),
        english: "More of its hosts, in short: `gpu-01`, `gpu[01-16,20].lab:8999`, `[fd00::1]:8999`. What is before the port is name and address.",
        chinese: "组内主机的简写：`gpu-01`、`gpu[01-16,20].lab:8999`、`[fd00::1]:8999`。端口之前的部分既是名称也是地址。",
        ..BASE
    },
];

const HOST_KEYS: &[Key] = &[
    Key {
        path: "name",
        kind: Kind::Text(Form::NamePattern),
        english: "Name of the host; its address on the page is made from it. `gpu[01-16]` stands for sixteen hosts.",
        chinese: "主机名称，页面上的地址由它得出。`gpu[01-16]` 表示十六台主机。",
        ..BASE
    },
    Key {
        path: "address",
        kind: Kind::Text(Form::AddressPattern),
        default: Some("null"),
        nullable: true,
        english: "Host name or IP address of the node; `10.0.0.[1-16]` goes along with a name for as many. null: the name.",
        chinese: "节点的主机名或 IP 地址；`10.0.0.[1-16]` 与表示同样多台主机的名称相对应。null 表示与名称相同。",
        ..BASE
    },
    Key {
        path: "port",
        kind: NODE_PORT,
        default: Some("null"),
        nullable: true,
        english: "Port of the node. null: that of the group, else 8999.",
        chinese: "节点的端口。null 表示用组的端口，否则为 8999。",
        ..BASE
    },
    Key {
        path: "key",
        kind: Kind::Text(Form::NodeKey),
        default: Some("null"),
        nullable: true,
        secret: true,
        english: "What this app shows to the node to be let in: one of the node's `peer.keys`, or its access token.",
        chinese: "本 app 向该节点出示的密钥：节点 `peer.keys` 中的一个，或其访问令牌。",
        ..BASE
    },
    Key {
        path: "fingerprint",
        kind: Kind::Text(Form::Fingerprint),
        default: Some("null"),
        nullable: true,
        english: "The certificate that the node must show, as `smonitor fingerprint` prints it there. With it the node is asked over TLS only.",
        chinese: "节点必须出示的证书指纹，即在该节点上运行 `smonitor fingerprint` 的结果。设置后只通过 TLS 询问该节点。",
        ..BASE
    },
    Key {
        path: "maintenance",
        kind: Kind::Text(Form::Title),
        default: Some("null"),
        nullable: true,
        english: "Why somebody is working on it; shown with the host.",
        chinese: "正在维护的原因，与主机一同显示。",
        ..BASE
    },
    Key {
        path: "display_name",
        kind: Kind::Text(Form::NamePattern),
        default: Some("null"),
        nullable: true,
        english: "What to call it on the page. null: its name.",
        chinese: "页面上显示的名称。null 表示用主机名称。",
        ..BASE
    },
];

pub(super) const NODE_KEY_KEYS: &[Key] = &[
    Key {
        path: "name",
        kind: Kind::Text(Form::Title),
        english: "Whose it is, for the log.",
        chinese: "密钥属于谁，用于日志。",
        ..BASE
    },
    Key {
        path: "key",
        kind: Kind::Text(Form::NodeKey),
        secret: true,
        english: "The key.",
        chinese: "密钥。",
        ..BASE
    },
];
