//! Builds the page into OUT_DIR.
use std::path::Path;
fn main() {
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let page = Path::new(&out).join("page");
    let _ = std::fs::create_dir_all(&page);
    let _ = std::fs::write(
        page.join("index.html"),
        "<!doctype html><html lang=\"en\"><head><base href=\"/\"><title>smonitor</title></head><body>placeholder</body></html>",
    );
}
