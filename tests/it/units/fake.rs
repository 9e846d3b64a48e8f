//! A bus, or a systemd on a real one, as the D-Bus Specification and org.freedesktop.systemd1(5)
//! describe them. Shares no code with what it tests.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A failed unit: name, and since when in microseconds.
pub(super) type Unit = (String, u64);

/// What is to be told, and in which order of bytes.
#[derive(Clone, Default)]
pub(super) struct Systemd {
    pub(super) units: Arc<Mutex<Vec<Unit>>>,
    pub(super) big_endian: bool,
    /// What was asked, in order: `Hello`, `ListUnitsFiltered`, `Get a.service`.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

/// Writes values in either order of bytes.
pub(super) struct Marshal {
    pub(super) bytes: Vec<u8>,
    big_endian: bool,
}

impl Marshal {
    pub(super) fn new(big_endian: bool) -> Self {
        Self { bytes: Vec::new(), big_endian }
    }

    pub(super) fn align(&mut self, to: usize) -> &mut Self {
        while !self.bytes.len().is_multiple_of(to) {
            self.bytes.push(0);
        }
        self
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.align(4);
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.bytes.extend(bytes);
        self
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.align(8);
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.bytes.extend(bytes);
        self
    }

    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        self.u32(text.len().try_into().unwrap());
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
        self
    }

    pub(super) fn signature(&mut self, text: &str) -> &mut Self {
        self.bytes.push(text.len().try_into().unwrap());
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
        self
    }
}

/// A call, as far as it is looked at.
pub(super) struct Request {
    pub(super) serial: u32,
    sender: Option<String>,
    path: String,
    member: String,
    body: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes[at..at + 4].try_into().unwrap();
    // Real buses and smonitor write little-endian on the machines this is tested on.
    u32::from_le_bytes(bytes)
}

fn string_at(bytes: &[u8], at: usize) -> String {
    let length = u32_at(bytes, at) as usize;
    String::from_utf8(bytes[at + 4..at + 4 + length].to_vec()).unwrap()
}

/// Reads the next message; none when the other side has gone.
pub(super) fn read_request(stream: &mut UnixStream) -> Option<Request> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    assert_eq!((head[0], head[3]), (b'l', 1), "little-endian, version 1");
    let fields_length = u32_at(&head, 12) as usize;
    let mut fields = vec![0; fields_length.next_multiple_of(8)];
    stream.read_exact(&mut fields).ok()?;
    let mut body = vec![0; u32_at(&head, 4) as usize];
    stream.read_exact(&mut body).ok()?;
    let serial = u32_at(&head, 8);
    let [mut path, mut member] = [String::new(), String::new()];
    let mut sender = None;
    let mut at = 0;
    while at < fields_length {
        let (code, kind) = (fields[at], fields[at + 2]);
        at += 4;
        match kind {
            b'g' => at += usize::from(fields[at]) + 2,
            b'u' => at += 4,
            _ => {
                let text = string_at(&fields, at);
                at += 4 + text.len() + 1;
                match code {
                    1 => path = text,
                    3 => member = text,
                    7 => sender = Some(text),
                    _ => {}
                }
            }
        }
        at = at.next_multiple_of(8);
    }
    Some(Request { serial, sender, path, member, body })
}

/// A message of this type to `request`, with an error's name where that is what it is.
pub(super) fn reply(
    big_endian: bool,
    request: &Request,
    error: Option<&str>,
    signature: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut fields = Marshal::new(big_endian);
    fields.bytes.push(5);
    fields.signature("u").u32(request.serial);
    if let Some(error) = error {
        fields.align(8).bytes.push(4);
        fields.signature("s").string(error);
    }
    if let Some(sender) = &request.sender {
        fields.align(8).bytes.push(6);
        fields.signature("s").string(sender);
    }
    fields.align(8).bytes.push(8);
    fields.signature("g").signature(signature);
    message(big_endian, if error.is_some() { 3 } else { 2 }, &fields.bytes, body)
}

fn message(big_endian: bool, kind: u8, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let mut all = Marshal::new(big_endian);
    all.bytes.extend([if big_endian { b'B' } else { b'l' }, kind, 0, 1]);
    all.u32(body.len().try_into().unwrap()).u32(77).u32(fields.len().try_into().unwrap());
    all.bytes.extend(fields);
    all.align(8).bytes.extend(body);
    all.bytes
}

/// A signal that nobody asked for.
pub(super) fn signal(big_endian: bool) -> Vec<u8> {
    let mut fields = Marshal::new(big_endian);
    let texts = [
        (1, "o", "/org/freedesktop/DBus"),
        (2, "s", "org.freedesktop.DBus"),
        (3, "s", "NameAcquired"),
    ];
    for (code, signature, text) in texts {
        fields.align(8).bytes.push(code);
        fields.signature(signature).string(text);
    }
    message(big_endian, 4, &fields.bytes, b"")
}

fn path_of(unit: &str) -> String {
    let letters = unit.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    });
    format!("/org/freedesktop/systemd1/unit/{}", letters.collect::<String>())
}

impl Systemd {
    pub(super) fn with(units: &[(&str, u64)]) -> Self {
        let systemd = Self::default();
        systemd.set(units);
        systemd
    }

    pub(super) fn set(&self, units: &[(&str, u64)]) {
        let units = units.iter().map(|(name, since)| ((*name).to_owned(), *since));
        *self.units.lock().unwrap() = units.collect();
    }

    /// What was asked since the last time.
    pub(super) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The body of a list of the units.
    pub(super) fn list(&self) -> Vec<u8> {
        let mut rows = Marshal::new(self.big_endian);
        // The rows begin at a multiple of 8, after the length of the array.
        rows.u32(0).align(8);
        for (name, _) in self.units.lock().unwrap().iter() {
            let (description, path) = (format!("What {name} is for"), path_of(name));
            rows.align(8);
            for text in [name, &description, "loaded", "failed", "failed", "", &path] {
                rows.string(text);
            }
            rows.u32(0).string("").string("/");
        }
        let mut length = Marshal::new(self.big_endian);
        length.u32(u32::try_from(rows.bytes.len()).unwrap() - 8);
        rows.bytes[..4].copy_from_slice(&length.bytes);
        rows.bytes
    }

    /// The answer to a request.
    pub(super) fn answer(&self, request: &Request) -> Vec<u8> {
        let reply =
            |error, signature, body: &[u8]| reply(self.big_endian, request, error, signature, body);
        let asked = match request.member.as_str() {
            "Get" => {
                let units = self.units.lock().unwrap();
                let unit = units.iter().find(|(name, _)| path_of(name) == request.path);
                let name = unit.map_or("nothing", |(name, _)| name);
                format!("Get {name}")
            }
            member => member.to_owned(),
        };
        self.asked.lock().unwrap().push(asked);
        let mut body = Marshal::new(self.big_endian);
        match request.member.as_str() {
            "Hello" => {
                body.string(":1.7");
                let signal = signal(self.big_endian);
                [reply(None, "s", &body.bytes), signal].concat()
            }
            "ListUnitsFiltered" => {
                assert_eq!(request.path, "/org/freedesktop/systemd1");
                assert_eq!(request.body, b"\x0b\0\0\0\x06\0\0\0failed\0");
                reply(None, "a(ssssssouso)", &self.list())
            }
            "Get" => {
                assert_eq!(string_at(&request.body, 0), "org.freedesktop.systemd1.Unit");
                assert_eq!(string_at(&request.body, 36), "StateChangeTimestamp");
                let units = self.units.lock().unwrap();
                match units.iter().find(|(name, _)| path_of(name) == request.path) {
                    Some((_, since)) => {
                        body.signature("t").u64(*since);
                        reply(None, "v", &body.bytes)
                    }
                    None => reply(Some("org.freedesktop.DBus.Error.UnknownObject"), "", b""),
                }
            }
            other => panic!("smonitor asked for {other}"),
        }
    }

    /// Answers everything until the other side goes.
    pub(super) fn serve(&self, stream: &mut UnixStream) {
        while let Some(request) = read_request(stream) {
            if stream.write_all(&self.answer(&request)).is_err() {
                return;
            }
        }
    }
}

/// Reads up to the end of a line.
pub(super) fn read_line(stream: &mut UnixStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

/// The server's side of the authentication.
pub(super) fn admit(stream: &mut UnixStream) {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let hex: String = uid.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(read_line(stream), format!("\0AUTH EXTERNAL {hex}\r\n"));
    // systemd leaves a message unread that comes together with BEGIN after its answer: it has to
    // be there before.
    assert_eq!(read_line(stream), "BEGIN\r\n");
    stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n").unwrap();
}

/// Listens at `path` and does this with the first, the second… connection. Ends with the process.
pub(super) fn listen(path: &Path, mut with: impl FnMut(usize, UnixStream) + Send + 'static) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(path).unwrap();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            with(number, stream);
        }
    });
}

/// Joins a real bus under systemd's name and answers there.
pub(super) fn join(bus: &Path, systemd: &Systemd) {
    let mut stream = UnixStream::connect(bus).unwrap();
    let uid = rustix::process::geteuid().as_raw().to_string();
    let hex: String = uid.bytes().map(|byte| format!("{byte:02x}")).collect();
    stream.write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes()).unwrap();
    assert!(read_line(&mut stream).starts_with("OK "));
    stream.write_all(b"BEGIN\r\n").unwrap();
    let mut name = Marshal::new(false);
    name.string("org.freedesktop.systemd1").u32(0);
    for (serial, member, signature, body) in
        [(1, "Hello", "", &b""[..]), (2, "RequestName", "su", &name.bytes)]
    {
        let mut fields = Marshal::new(false);
        for (code, kind, text) in [
            (1, "o", "/org/freedesktop/DBus"),
            (2, "s", "org.freedesktop.DBus"),
            (3, "s", member),
            (6, "s", "org.freedesktop.DBus"),
        ] {
            fields.align(8).bytes.push(code);
            fields.signature(kind).string(text);
        }
        fields.align(8).bytes.push(8);
        fields.signature("g").signature(signature);
        let mut call = message(false, 1, &fields.bytes, body);
        call[8..12].copy_from_slice(&u32::to_le_bytes(serial));
        stream.write_all(&call).unwrap();
    }
    // The answers to both, and the signals NameAcquired of both names.
    for _ in 0..4 {
        read_request(&mut stream).unwrap();
    }
    let systemd = systemd.clone();
    std::thread::spawn(move || systemd.serve(&mut stream));
}
