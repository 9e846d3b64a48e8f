//! Which form a client wants, by its `Accept` header (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

use super::text::Format;

/// The form to answer in. OpenMetrics only for those who ask for it: everybody else, a browser or
/// curl, gets the older one, which is plain text to them.
pub(super) fn format(headers: &HeaderMap) -> Format {
    let offers = headers
        .get_all(header::ACCEPT)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let (mut open_metrics, mut plain) = (0.0_f32, 0.0_f32);
    for offer in offers {
        let mut parts = offer.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut quality, mut version) = (1.0, None);
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            match key.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.trim().parse().unwrap_or(0.0),
                "version" => version = Some(value.trim().trim_matches('"')),
                _ => {}
            }
        }
        match range.as_str() {
            "application/openmetrics-text" if version.is_none_or(|is| is == "1.0.0") => {
                open_metrics = open_metrics.max(quality);
            }
            "text/plain" if version.is_none_or(|is| is == "0.0.4") => plain = plain.max(quality),
            _ => {}
        }
    }
    if open_metrics > 0.0 && open_metrics >= plain {
        Format::OpenMetrics
    } else {
        Format::Prometheus
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn answered(accept: &[&'static str]) -> Format {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(line));
        }
        format(&headers)
    }

    #[test]
    fn who_asks_for_openmetrics_gets_it() {
        for accept in [
            // Prometheus 2.42, 2.5 and 3.
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8",
            "text/plain, application/openmetrics-text",
        ] {
            assert_eq!(answered(&[accept]), Format::OpenMetrics, "{accept}");
        }
        assert_eq!(
            answered(&["text/plain;q=0.5", "application/openmetrics-text"]),
            Format::OpenMetrics
        );
    }

    #[test]
    fn everybody_else_gets_plain_text() {
        for accept in [
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.2,text/plain;version=0.0.4",
            "application/openmetrics-text;q=often",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "*/*",
            ";;;=,q=1",
            "",
        ] {
            assert_eq!(answered(&[accept]), Format::Prometheus, "{accept}");
        }
        assert_eq!(answered(&[]), Format::Prometheus);
    }
}
