//! The body of an answer: taken in as it comes, unpacked, and never more of it than allowed.

use std::io::Read as _;

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;

use super::client::classify;
use super::{DETAIL_MAX_BYTES, Failure};
use crate::model::cluster::TroubleKind;

/// How far into an answer its head reaches.
const HEAD_BYTES: usize = 512;

/// Reads a body of at most `max_bytes`, packed and unpacked, or of [`DETAIL_MAX_BYTES`] if it says that it is a
/// site's.
pub(super) async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, Failure> {
    let packed = match response.headers().get(CONTENT_ENCODING).map(|coding| coding.as_bytes()) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => return Err(Failure::with(TroubleKind::Malformed, "an unknown encoding")),
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        body.extend_from_slice(&chunk);
        let allowed = if packed { max_bytes } else { allowed(&body, max_bytes) };
        if body.len() > allowed {
            return Err(TroubleKind::TooLarge.into());
        }
    }
    if packed { unpack(&body, max_bytes) } else { Ok(body) }
}

fn unpack(packed: &[u8], max_bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::with_capacity(packed.len().saturating_mul(4).min(max_bytes));
    let mut reader = flate2::read::GzDecoder::new(packed);
    let mut piece = [0_u8; 8192];
    loop {
        let taken = reader
            .read(&mut piece)
            .map_err(|_| Failure::with(TroubleKind::Malformed, "gzip that cannot be unpacked"))?;
        if taken == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&piece[..taken]);
        if body.len() > allowed(&body, max_bytes) {
            return Err(TroubleKind::TooLarge.into());
        }
    }
}

/// How much of this body may come. A site has many hosts, and says so at the beginning.
fn allowed(body: &[u8], max_bytes: usize) -> usize {
    if body.len() <= max_bytes {
        return max_bytes;
    }
    let head = &body[..body.len().min(HEAD_BYTES)];
    let says = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    let is_site = says(b"\"mode\":\"app\"") || says(b"\"mode\":\"demo\"");
    if is_site { DETAIL_MAX_BYTES.max(max_bytes) } else { max_bytes }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_small_file_that_unpacks_without_end_is_cut() {
        let bomb = packed(&vec![b' '; 8 << 20]);
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        assert_eq!(unpack(&bomb, 1 << 20).unwrap_err().kind, TroubleKind::TooLarge);
        assert_eq!(unpack(&packed(b"{}"), 1 << 20).unwrap(), b"{}");
        assert_eq!(unpack(b"no gzip", 1 << 20).unwrap_err().kind, TroubleKind::Malformed);
    }

    #[test]
    fn only_a_site_may_say_much() {
        let mut body = br#"{"protocol":1,"mode":"node"}"#.to_vec();
        body.resize(3000, b' ');
        assert_eq!(allowed(&body, 2000), 2000);
        let mut body = br#"{"protocol":1,"mode":"app"}"#.to_vec();
        body.resize(3000, b' ');
        assert_eq!(allowed(&body, 2000), DETAIL_MAX_BYTES);
        // Not somewhere later, where a host's name might say it.
        let mut body = vec![b' '; 600];
        body.extend_from_slice(b"\"mode\":\"app\"");
        assert_eq!(allowed(&body, 100), 100);
    }
}
