//! Which websocket subprotocols a request may offer: that of the socket it asks for, or none. A token that travels among
//! them, as a browser has to send it, is none.

use axum::http::{HeaderMap, header};

use super::guard::TOKEN_SUBPROTOCOL;

/// Whether a request offers this subprotocol, or none but tokens.
pub(super) fn speaks(headers: &HeaderMap, subprotocol: &str) -> bool {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
    // What is no text is the name of none that is spoken here.
    let names = offered.flat_map(|names| names.to_str().unwrap_or("?").split(',')).map(str::trim);
    let mut names = names.filter(|name| !name.is_empty() && !name.starts_with(TOKEN_SUBPROTOCOL)).peekable();
    names.peek().is_none() || names.any(|name| name == subprotocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_or_none_may_be_offered_and_a_token_is_none() {
        let of = |offers: &[&str]| {
            let mut headers = HeaderMap::new();
            for offer in offers {
                headers.append(header::SEC_WEBSOCKET_PROTOCOL, offer.parse().expect("a value"));
            }
            speaks(&headers, "hatif.v1")
        };
        for offers in [&[][..], &[""], &["hatif.v1"], &["x, hatif.v1"], &["x", "hatif.v1"], &["hatif.token.1234"]] {
            assert!(of(offers), "{offers:?}");
        }
        assert!(of(&["hatif.token.1234 ,hatif.v1"]));
        for offers in [&["x"][..], &["hatif.v2"], &["x, hatif.token.1234"], &["hatif.v1\u{e9}"]] {
            assert!(!of(offers), "{offers:?}");
        }
    }
}
