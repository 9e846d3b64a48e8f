//! `smonitor fingerprint` and `smonitor key new`: what app and node know each other by.

use crate::cli::Exit;
use crate::config::{Config, TlsMode};
use crate::serve;

/// What the certificate of a server with these settings is known by, alone on a line.
///
/// # Errors
/// If there is none, with what to do; or what is wrong with it.
pub(super) fn fingerprint(config: &Config) -> Result<(String, Exit), String> {
    match (serve::trust::certificate(config)?, config.server.tls.mode) {
        (Some(tls), _) => Ok((tls.pin().to_string(), Exit::Success)),
        (None, TlsMode::Off) => Err("this server has no certificate, because server.tls.mode is \
             \"off\"; set it to \"self_signed\" or \"files\""
            .to_owned()),
        (None, _) => Err(format!(
            "there is no certificate in {} yet; it is made when smonitor is first started with these \
             settings. If it runs as another user, run this as that one",
            config.state_dir.display()
        )),
    }
}

/// A new key for an app, alone on a line. It is kept nowhere.
#[must_use]
pub fn new_key() -> String {
    format!("smk_{}", base64url(&rand::random::<[u8; 32]>()))
}

/// Base 64 for addresses, without padding (RFC 4648, 5).
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = bits >> (18 - 6 * place) & 63;
            let letter = usize::try_from(index).ok().and_then(|index| LETTERS.get(index));
            text.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_each_another() {
        let [a, b] = [new_key(), new_key()];
        assert_ne!(a, b);
        assert_eq!(a.len(), 4 + 43);
        let rest = a.strip_prefix("smk_").unwrap();
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"foobar", "Zm9vYmFy"),
            (&[0xfb, 0xff, 0xfe], "-__-"),
        ] {
            assert_eq!(base64url(bytes), text);
        }
    }
}
