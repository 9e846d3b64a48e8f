//! The configuration pages say what the table of settings says.

use std::fmt::Write as _;
use std::path::Path;

use smonitor::config::table::{Form, KEYS, Key, Kind, Stage};

use crate::generated;

#[derive(Clone, Copy)]
enum Language {
    English,
    Chinese,
}

#[test]
fn the_english_page_lists_every_setting() {
    let path = Path::new("docs/configuration.md");
    generated::assert_section(path, "settings", &tables(Language::English));
}

#[test]
fn the_chinese_page_lists_every_setting() {
    let path = Path::new("docs/zh/configuration.md");
    generated::assert_section(path, "settings", &tables(Language::Chinese));
}

fn tables(language: Language) -> String {
    let mut text = String::new();
    let mut last_group = None;
    for key in KEYS {
        let group = key.path.split_once('.').map_or(key.path, |(group, _)| group);
        if last_group != Some(group) {
            let head = match language {
                Language::English => "| setting | values | default | meaning |",
                Language::Chinese => "| 设置 | 取值 | 默认值 | 含义 |",
            };
            write!(text, "\n### {group}\n\n{head}\n|---|---|---|---|\n").unwrap();
            last_group = Some(group);
        }
        row(&mut text, key, language);
        if let Kind::Records(inner) = key.kind {
            records(&mut text, key.path, inner, language);
        }
    }
    text.push('\n');
    text
}

fn records(text: &mut String, path: &str, keys: &'static [Key], language: Language) {
    for key in keys {
        let path = format!("{path}[].{}", key.path);
        cells(text, &path, key, language);
        if let Kind::Records(inner) = key.kind {
            records(text, &path, inner, language);
        }
    }
}

fn row(text: &mut String, key: &Key, language: Language) {
    cells(text, key.path, key, language);
}

fn cells(text: &mut String, path: &str, key: &Key, language: Language) {
    let (values, meaning, later, required) = match language {
        Language::English => (key.wanted(), key.english, " *Not used yet.*", "must be given"),
        Language::Chinese => (chinese(key), key.chinese, "*尚未使用。*", "必填"),
    };
    let default = key.default.map_or_else(|| required.to_owned(), |json| format!("`{json}`"));
    let later = if key.stage == Stage::Later { later } else { "" };
    writeln!(text, "| `{path}` | {values} | {default} | {meaning}{later} |").unwrap();
}

fn chinese(key: &Key) -> String {
    let wanted = match key.kind {
        Kind::Boolean => "true 或 false".to_owned(),
        Kind::Integer { min, max } => format!("{min} 到 {max} 的整数"),
        Kind::Seconds { min, max } => format!("{min} 到 {max} 秒"),
        Kind::Choice(words) => {
            words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join("、")
        }
        Kind::Text(form) => chinese_form(form).to_owned(),
        Kind::List(form) => format!("列表，每项为{}", chinese_form(form)),
        Kind::Records(keys) => {
            let names: Vec<_> = keys.iter().map(|key| key.path).collect();
            format!("对象的列表，每个对象含 {}", names.join("、"))
        }
    };
    if key.nullable { format!("{wanted}，或 null") } else { wanted }
}

fn chinese_form(form: Form) -> &'static str {
    match form {
        Form::ListenAddress => "本机的 IP 地址或 \"localhost\"",
        Form::HostName => "主机名或 IP 地址，不含协议和端口",
        Form::Domain => "主机名、IP 地址或 \".example.org\" 形式的域名，不含协议和端口",
        Form::Network => "单个 IP 地址或 \"10.0.0.0/8\" 形式的网段",
        Form::BasePath => "以 / 开头并以 / 结尾的路径，如 \"/\" 或 \"/monitor/\"",
        Form::Url => "网址，如 \"https://monitor.example.org/\"",
        Form::Title => "1 到 100 个字符，不含换行",
        Form::Engine => "\"unix:///run/docker.sock\" 或 \"tcp://127.0.0.1:2375\" 形式的地址",
        Form::NamePattern => "1 到 100 个字符，如 \"gpu-01\" 或 \"gpu[01-16]\"",
        Form::AddressPattern => {
            "主机名或 IP 地址，如 \"gpu-01.lab\" 或 \"gpu[01-16].lab\"，不含协议和端口"
        }
        Form::NodePattern => "节点，如 \"gpu-01\"、\"gpu[01-16].lab:8999\" 或 \"[fd00::1]:8999\"",
        Form::Fingerprint => "`smonitor fingerprint` 打印的证书指纹，\"SHA256:AB:CD:…\"",
        Form::NodeKey => "`smonitor key new` 打印的密钥，16 到 200 个可见字符",
        Form::Path => "完整写出的路径（不展开 ~ 和 $）",
    }
}
