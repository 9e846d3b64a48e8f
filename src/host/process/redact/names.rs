//! Which names mean that a secret follows. `--api-key`, `DB_PASSWORD`, `hubToken`, `spring.mail
//! .password` do; `--max-tokens`, `tokenizer`, `--keyboard`, `--pad-token` do not.

use std::ops::Range;

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No secret.
    Harmless,
    /// A secret.
    Secret,
    /// A secret, or a file that holds one.
    SecretOrFile,
    /// A secret, unless it is a short number: `-pass 1` of video encoders.
    SecretOrNumber,
    /// `user:password`, or the name of a method.
    Pair,
}

/// Last words that alone mean a secret.
const SECRETS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "jwt",
    "authorization",
    "cookie",
    "signature",
    "bearer",
    "requirepass",
    "masterauth",
];

/// Ends of words written together: `dbpassword`, `clientsecret`, `apikey`.
const SECRET_ENDINGS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "secretkey",
    "authkey",
    "privatekey",
];

/// What makes a secret of a `key`.
const SECRET_KEYS: [&str; 29] = [
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "client",
    "consumer",
    "deploy",
    "encryption",
    "function",
    "ingest",
    "licence",
    "license",
    "master",
    "private",
    "publishable",
    "root",
    "secret",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "storage",
    "subscription",
    "tls",
    "write",
];

/// What makes a `token` a piece of text that a language model reads, or a count of such.
const TEXT_TOKENS: [&str; 62] = [
    "add",
    "audio",
    "begin",
    "boi",
    "bos",
    "bot",
    "box",
    "budget",
    "class",
    "cls",
    "decoder",
    "each",
    "end",
    "encoder",
    "eod",
    "eoi",
    "eom",
    "eos",
    "eot",
    "every",
    "extra",
    "fim",
    "final",
    "first",
    "forced",
    "image",
    "init",
    "initializer",
    "instance",
    "last",
    "mask",
    "max",
    "min",
    "modality",
    "new",
    "next",
    "num",
    "pad",
    "padding",
    "per",
    "placeholder",
    "prefix",
    "prompt",
    "reasoning",
    "sentinel",
    "sep",
    "separator",
    "soi",
    "sos",
    "sot",
    "special",
    "speech",
    "start",
    "stop",
    "suffix",
    "task",
    "thinking",
    "tool",
    "trigger",
    "unk",
    "video",
    "vision",
];

/// What makes a secret of a `pass`.
const PASS_OWNERS: [&str; 20] = [
    "admin", "auth", "cert", "database", "db", "ftp", "http", "key", "keystore", "ldap", "login",
    "mail", "mysql", "postgres", "proxy", "redis", "root", "smtp", "store", "user",
];

/// First words of flags that take no value.
const SWITCHES: [&str; 26] = [
    "allow", "ask", "check", "disable", "enable", "force", "generate", "has", "hide", "is", "need",
    "no", "print", "prompt", "rand", "random", "require", "requires", "reset", "show", "skip",
    "use", "verify", "want", "with", "without",
];

/// Values that say that there is no secret here, or where it is instead.
const NO_SECRETS: [&str; 16] = [
    "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null", "-", "auto", "prompt",
    "ask", "stdin", "***",
];

/// What a name, without leading dashes, says of its value.
pub(super) fn kind(name: &str) -> Kind {
    let words = words(name);
    let Some(last) = words.last().map(String::as_str) else { return Kind::Harmless };
    let before = words.len().checked_sub(2).map_or("", |index| words[index].as_str());
    match last {
        "token" if TEXT_TOKENS.contains(&before) => Kind::Harmless,
        "passin" | "passout" => Kind::Secret,
        "pass" if words.len() == 1 => Kind::SecretOrNumber,
        "pass" if PASS_OWNERS.contains(&before) => Kind::Secret,
        "sig" if words.len() == 1 || before == "sas" => Kind::Secret,
        "key" | "keys" if SECRET_KEYS.contains(&before) || before.ends_with("api") => {
            Kind::SecretOrFile
        }
        "credential" | "credentials" | "creds" | "pwd" => Kind::SecretOrFile,
        "auth" | "userpass" | "userpwd" => Kind::Pair,
        _ if SECRETS.contains(&last) => Kind::Secret,
        _ if last.ends_with("token") => {
            let start = &last[..last.len() - "token".len()];
            if TEXT_TOKENS.contains(&start) { Kind::Harmless } else { Kind::Secret }
        }
        "oldpwd" | "cwd" => Kind::Harmless,
        _ if last.ends_with("pwd") => Kind::SecretOrFile,
        _ if SECRET_ENDINGS.iter().any(|ending| last.ends_with(ending)) => Kind::Secret,
        _ => Kind::Harmless,
    }
}

/// Whether the name alone, as one word, is that of a header, so that `Name:value` is meant.
pub(super) fn is_header(name: &str) -> bool {
    words(name).len() > 1
        || ["authorization", "cookie"].iter().any(|h| name.eq_ignore_ascii_case(h))
}

/// Whether the flag is one that takes no value of its own: `--no-password`, `--use-auth-token`.
pub(super) fn is_switch(flag: &str) -> bool {
    let words = words(flag);
    words.len() > 1 && SWITCHES.contains(&words[0].as_str())
}

/// The part of `value` that is secret, by a name of this kind.
pub(super) fn secret_in(kind: Kind, value: &str) -> Option<Range<usize>> {
    let bare = value.trim_matches(['"', '\'']);
    let reference = bare.starts_with(['$', '<', '%']) || NO_SECRETS.contains(&bare);
    if bare.is_empty() || reference {
        return None;
    }
    // How some programs are told where to find it: openssl(1), docker build.
    for place in ["env:", "file:", "fd:", "id=", "type=", "@"] {
        if bare.starts_with(place) {
            return None;
        }
    }
    let whole = 0..value.len();
    match kind {
        Kind::Harmless => None,
        Kind::Secret => Some(after_prefix(value, "pass:")),
        Kind::SecretOrFile => (!is_file(bare)).then_some(whole),
        Kind::SecretOrNumber => {
            let number = bare.len() <= 2 && bare.bytes().all(|byte| byte.is_ascii_digit());
            (!number).then(|| after_prefix(value, "pass:"))
        }
        Kind::Pair => match value.find(':') {
            Some(colon) => Some(colon + 1..value.len()),
            None => looks_random(bare).then_some(whole),
        },
    }
}

fn after_prefix(value: &str, prefix: &str) -> Range<usize> {
    let start = if value.starts_with(prefix) { prefix.len() } else { 0 };
    start..value.len()
}

/// Whether a value is the name of a file.
fn is_file(value: &str) -> bool {
    const STARTS: [&str; 4] = ["/", "./", "../", "~"];
    const ENDS: [&str; 11] =
        [".pem", ".key", ".crt", ".cer", ".json", ".pub", ".p8", ".p12", ".pfx", ".txt", ".yaml"];
    STARTS.iter().any(|start| value.starts_with(start))
        || ENDS.iter().any(|end| value.ends_with(end))
}

/// Whether this looks like something made by a machine: long, of one piece, letters and digits.
pub(super) fn looks_random(value: &str) -> bool {
    value.len() >= 20
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+/=-".contains(&byte))
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && value
            .split(['-', '_', '/', '=', '+'])
            .any(|piece| piece.len() >= 12 && piece.bytes().filter(u8::is_ascii_digit).count() >= 2)
}

/// The words of a name in lower case: split at what is no letter or digit, and where a capital
/// follows a small letter or begins a word after capitals (`APIKey`).
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    let mut before = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_alphanumeric() {
            fresh = true;
        } else {
            let next_is_small = characters.peek().is_some_and(char::is_ascii_lowercase);
            let rises = character.is_ascii_uppercase()
                && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && next_is_small));
            if fresh || rises {
                words.push(String::new());
            }
            fresh = false;
            if let Some(word) = words.last_mut() {
                word.push(character.to_ascii_lowercase());
            }
        }
        before = character;
    }
    words
}
