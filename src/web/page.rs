//! The page inside the binary: which file answers which path, in which form, and for how long a
//! browser may keep it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::answer::{self, Refused};
use super::settings::BasePath;

/// What build.rs made.
#[derive(rust_embed::Embed)]
#[folder = "$OUT_DIR/page"]
struct Embedded;

const INDEX: &str = "index.html";
const BASE_BEGIN: &str = "<base href=\"";

/// The page, ready to be handed out.
pub(super) struct Page {
    files: HashMap<String, File>,
}

struct File {
    content_type: &'static str,
    /// Whether its name changes with its content.
    hashed: bool,
    plain: Form,
    gzip: Option<Form>,
    brotli: Option<Form>,
}

/// A file in one content coding.
struct Form {
    bytes: Bytes,
    etag: HeaderValue,
}

/// Fingerprint of the embedded page: 16 hexadecimal digits.
#[must_use]
pub fn fingerprint() -> &'static str {
    static FINGERPRINT: OnceLock<String> = OnceLock::new();
    FINGERPRINT.get_or_init(|| {
        let mut all = Sha256::new();
        let mut names: Vec<_> = Embedded::iter().collect();
        names.sort();
        for name in names {
            if let Some(file) = Embedded::get(&name) {
                all.update(name.as_bytes());
                all.update([0]);
                all.update(file.metadata.sha256_hash());
            }
        }
        hex_16(&all.finalize())
    })
}

impl Page {
    /// Reads the embedded files and writes the base path into the page.
    pub(super) fn new(base: &BasePath) -> Self {
        Self::of(Embedded::iter().map(|name| name.to_string()), embedded, base)
    }

    fn of(
        names: impl Iterator<Item = String>,
        read: impl Fn(&str) -> Option<Bytes>,
        base: &BasePath,
    ) -> Self {
        let files = names
            .filter(|name| !name.ends_with(".gz") && !name.ends_with(".br"))
            .filter_map(|name| File::load(&name, &read, base).map(|file| (name, file)))
            .collect();
        Self { files }
    }

    /// Answers a request for `path`, below the base path.
    pub(super) fn answer(&self, path: &str, headers: &HeaderMap) -> Result<Response, Refused> {
        let name = path.trim_start_matches('/');
        if name == "api" || name.starts_with("api/") {
            return Err(Refused::not_found("there is no such path in the API"));
        }
        let file = match self.files.get(name) {
            Some(file) => file,
            None if is_a_view(name) => self.files.get(INDEX).ok_or_else(Refused::internal)?,
            None => return Err(Refused::not_found("there is no such file")),
        };
        Ok(file.answer(headers))
    }
}

fn embedded(name: &str) -> Option<Bytes> {
    Some(match Embedded::get(name)?.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    })
}

/// Whether a path that is no file is one that the page knows what to do with. A missing asset must
/// not be answered with the page: the browser would take HTML for a script.
fn is_a_view(name: &str) -> bool {
    let is_file = match name.rsplit_once('/') {
        // A host's name has dots, and stands below something.
        Some((folder, _)) => folder == "assets" || folder.starts_with("assets/"),
        None => name.contains('.'),
    };
    !is_file
}

impl File {
    fn load(name: &str, read: impl Fn(&str) -> Option<Bytes>, base: &BasePath) -> Option<Self> {
        let plain = read(name)?;
        let (plain, gzip, brotli) = match with_base(name, &plain, base) {
            // Made anew once, here; brotli is not worth carrying an encoder for.
            Some(changed) => {
                let packed = answer::gzip(&changed, 9);
                (changed.into(), Some(packed.into()), None)
            }
            None => (plain, read(&format!("{name}.gz")), read(&format!("{name}.br"))),
        };
        Some(Self {
            content_type: content_type(name),
            hashed: is_hashed(name),
            plain: Form::new(plain),
            gzip: gzip.map(Form::new),
            brotli: brotli.map(Form::new),
        })
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let coded =
            |form: &'_ Option<Form>, coding| form.is_some() && answer::accepts(request, coding);
        let (form, coding) = if coded(&self.brotli, "br") {
            (self.brotli.as_ref(), Some("br"))
        } else if coded(&self.gzip, "gzip") {
            (self.gzip.as_ref(), Some("gzip"))
        } else {
            (None, None)
        };
        let form = form.unwrap_or(&self.plain);
        let is_known = is_known(request, &form.etag);
        let body = if is_known { Body::empty() } else { Body::from(form.bytes.clone()) };
        let mut response = answer::vary_by_encoding(Response::new(body));
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::ETAG, form.etag.clone());
        let keep = if self.hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let (Some(coding), false) = (coding, is_known) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let etag = format!("\"{}\"", hex_16(&Sha256::digest(&bytes)));
        let etag = HeaderValue::from_str(&etag).expect("hexadecimal digits fit into a header");
        Self { bytes, etag }
    }
}

/// The page with another base, if that is needed. Paths have no character that HTML would escape.
fn with_base(name: &str, html: &[u8], base: &BasePath) -> Option<Vec<u8>> {
    if name != INDEX {
        return None;
    }
    let html = std::str::from_utf8(html).ok()?;
    let (before, after) = html.split_once(BASE_BEGIN)?;
    let (old, after) = after.split_once('"')?;
    if old == base.as_str() {
        return None;
    }
    Some(format!("{before}{BASE_BEGIN}{}\"{after}", base.as_str()).into_bytes())
}

fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let known = |tag: &str| {
            let tag = tag.trim();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
        };
        value.to_str().unwrap_or_default().split(',').any(known)
    })
}

/// Whether the name ends in the eight characters that the bundler makes from the content.
fn is_hashed(name: &str) -> bool {
    let Some(file) = name.strip_prefix("assets/") else { return false };
    // A chunk may be named after a file with a dot: `index.svelte-Bx3_9aZq.js`.
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let bytes = stem.as_bytes();
    let is_hash = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_';
    bytes.len() > 9
        && bytes[bytes.len() - 9] == b'-'
        && bytes[bytes.len() - 8..].iter().all(is_hash)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn hex_16(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const HTML: &str = r#"<head><base href="/" /><script src="./boot.js"></script></head>"#;

    fn page(base: &str) -> Page {
        let files: HashMap<&str, &str> = HashMap::from([
            ("index.html", HTML),
            ("index.html.gz", "gz of index"),
            ("index.html.br", "br of index"),
            ("boot.js", "boot"),
            ("assets/main-AbC_12-x.js", "script"),
            ("assets/main-AbC_12-x.js.gz", "gz of script"),
            ("assets/index.svelte-AbC_12-x.js", "chunk"),
            ("assets/logo.svg", "<svg/>"),
        ]);
        let names = files.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let read = |name: &str| files.get(name).map(|text| Bytes::from_static(text.as_bytes()));
        Page::of(names.into_iter(), read, &BasePath::parse(base).unwrap())
    }

    async fn get(page: &Page, path: &str, headers: &[(&str, &str)]) -> (Response, String) {
        let (response, bytes) = get_bytes(page, path, headers).await;
        (response, String::from_utf8(bytes).unwrap())
    }

    async fn get_bytes(page: &Page, path: &str, given: &[(&str, &str)]) -> (Response, Vec<u8>) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let name = header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let (parts, body) = page.answer(path, &headers).unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, Body::empty()), body.to_vec())
    }

    #[tokio::test]
    async fn the_best_form_that_is_there_and_accepted_is_sent() {
        let page = page("/");
        for (path, accepted, body, coding) in [
            ("/", "gzip, deflate, br", "br of index", Some("br")),
            ("/", "gzip, deflate", "gz of index", Some("gzip")),
            ("/", "br;q=0, gzip", "gz of index", Some("gzip")),
            ("/", "", HTML, None),
            ("/assets/main-AbC_12-x.js", "br", "script", None),
            ("/assets/main-AbC_12-x.js", "br, gzip", "gz of script", Some("gzip")),
            ("/boot.js", "br, gzip", "boot", None),
        ] {
            let (response, got) = get(&page, path, &[("accept-encoding", accepted)]).await;
            assert_eq!(got, body, "{path} {accepted}");
            let got = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(got.map(|c| c.to_str().unwrap()), coding, "{path} {accepted}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again_and_each_form_has_its_own_tag() {
        let page = page("/");
        let mut tags = Vec::new();
        for accepted in ["", "gzip", "br"] {
            let (response, _) = get(&page, "/", &[("accept-encoding", accepted)]).await;
            let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"') && !tags.contains(&tag));
            for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
                let headers = [("accept-encoding", accepted), ("if-none-match", &known)];
                let (response, body) = get(&page, "/", &headers).await;
                assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
                assert!(body.is_empty() && response.headers()[header::ETAG] == tag);
            }
            tags.push(tag);
        }
        let other = [("accept-encoding", "br"), ("if-none-match", tags[0].as_str())];
        assert_eq!(get(&page, "/", &other).await.0.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn only_names_that_change_with_their_content_are_kept_for_good() {
        let page = page("/");
        for (path, keep) in [
            ("/", "no-cache"),
            ("/boot.js", "no-cache"),
            ("/assets/logo.svg", "no-cache"),
            ("/assets/main-AbC_12-x.js", "public, max-age=31536000, immutable"),
            ("/assets/index.svelte-AbC_12-x.js", "public, max-age=31536000, immutable"),
        ] {
            let (response, _) = get(&page, path, &[]).await;
            assert_eq!(response.headers()[header::CACHE_CONTROL], keep, "{path}");
        }
    }

    #[tokio::test]
    async fn views_get_the_page_and_missing_files_do_not() {
        let page = page("/");
        for view in ["/", "/login", "/host/gpu-01.lab", "/host/gpu-01/gpu/0", "/index.html"] {
            assert_eq!(get(&page, view, &[]).await.1, HTML, "{view}");
        }
        for missing in [
            "/assets/main-00000000.js",
            "/assets/deep/er",
            "/assets/",
            "/robots.txt",
            "/boot.js.gz",
            "/index.html.br",
            "/api",
            "/api/",
            "/api/v2/hosts",
        ] {
            assert!(page.answer(missing, &HeaderMap::new()).is_err(), "{missing}");
        }
    }

    #[tokio::test]
    async fn another_base_is_written_into_every_form_of_the_page() {
        let page = page("/gpu");
        let (_, plain) = get(&page, "/", &[]).await;
        assert_eq!(plain, HTML.replace(r#"href="/""#, r#"href="/gpu/""#));
        let (response, packed) = get_bytes(&page, "/", &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }

    #[test]
    fn the_fingerprint_is_short_and_stable() {
        assert_eq!(fingerprint().len(), 16);
        assert_eq!(fingerprint(), fingerprint());
    }
}
