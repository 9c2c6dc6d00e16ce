//! Who may do what: origin, name and token of a request, before anything else is done for it.
//!
//! | | no token file (a loopback address only) | with a token file |
//! | --- | --- | --- |
//! | a program | everything; to operate only from this machine | what its token is for |
//! | a web page | of this server's own origin or one in `security.origins`; never to operate | the same, and a token |
//! | a request under a foreign name | refused: a name can be made to lead here by whoever owns it | by its token |

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::Instant as Wall;

pub use super::tokens::Scope;
use super::{
    clock,
    config::Security,
    counts::{Counts, TurnedAway},
    pace::{Pace, Paces, group_of},
    tokens::{TokenFileError, Tokens},
};

/// Before the token in the list of subprotocols a browser's websocket offers, where it cannot send a header.
pub const TOKEN_SUBPROTOCOL: &str = "hatif.token.";

/// Wrong tokens of one address: so many at once, and one more every six seconds.
const GUESSES: Pace = Pace::new(10, 10, std::time::Duration::from_secs(60));

/// How often the token file is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// For the counts.
    pub why: TurnedAway,
    status: StatusCode,
    words: String,
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.words + "\n").into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// See the top of this file.
#[derive(Debug)]
pub struct Guard {
    origins: Vec<String>,
    limit_loopback: bool,
    tokens: Option<Mutex<Kept>>,
    guesses: Paces<IpAddr>,
    counts: Arc<Counts>,
}

/// The token file as it was when it was last read.
#[derive(Debug)]
struct Kept {
    path: PathBuf,
    tokens: Arc<Tokens>,
    stamp: Option<(SystemTime, u64)>,
    looked: Wall,
}

impl Guard {
    /// A guard as the settings say; reads the token file.
    ///
    /// # Errors
    /// The token file cannot be used.
    pub fn new(security: &Security, limit_loopback: bool, counts: Arc<Counts>) -> Result<Guard, TokenFileError> {
        let tokens = match &security.tokens {
            Some(path) => Some(Mutex::new(Kept {
                stamp: stamp(path),
                tokens: Arc::new(Tokens::load(path)?),
                path: path.clone(),
                looked: clock::wall(),
            })),
            None => None,
        };
        let origins = security.origins.iter().map(|origin| origin.to_ascii_lowercase()).collect();
        Ok(Guard { origins, limit_loopback, tokens, guesses: Paces::new(GUESSES), counts })
    }

    /// Whether a request from `peer` may do what `wanted` is for. Every route asks this first.
    ///
    /// # Errors
    /// It may not; the refusal is the answer to send.
    pub fn authorise(&self, headers: &HeaderMap, peer: SocketAddr, wanted: Scope) -> Result<(), Denial> {
        let allowed = self.judge(headers, peer, wanted);
        if let Err(denial) = &allowed {
            self.counts.turn_away(denial.why);
            tracing::debug!(%peer, why = denial.why.word(), scope = wanted.word(), "refused a request");
        }
        allowed
    }

    fn judge(&self, headers: &HeaderMap, peer: SocketAddr, wanted: Scope) -> Result<(), Denial> {
        if let Some(origin) = headers.get(header::ORIGIN)
            && !self.knows_origin(origin, headers)
        {
            let words = "web pages of other origins may not connect; the operator can add one to [security] origins";
            return Err(denial(TurnedAway::Origin, StatusCode::FORBIDDEN, words));
        }
        match &self.tokens {
            None => self.judge_without_tokens(headers, peer, wanted),
            Some(kept) => self.judge_token(&current(kept), headers, peer, wanted),
        }
    }

    fn judge_without_tokens(&self, headers: &HeaderMap, peer: SocketAddr, wanted: Scope) -> Result<(), Denial> {
        if wanted == Scope::Operate && (!peer.ip().is_loopback() || headers.contains_key(header::ORIGIN)) {
            let words = "without tokens only a program on the server's own machine may do this, and no web page";
            return Err(denial(TurnedAway::Origin, StatusCode::FORBIDDEN, words));
        }
        let named = headers.get(header::HOST).is_none_or(|host| {
            host.to_str().is_ok_and(|host| is_own_name(host) || self.origins.iter().any(|known| is_of(known, host)))
        });
        if !named {
            let words = "this server is not known by that name; use its address, or add the name to [security] origins";
            return Err(denial(TurnedAway::Origin, StatusCode::MISDIRECTED_REQUEST, words));
        }
        Ok(())
    }

    fn judge_token(&self, tokens: &Tokens, headers: &HeaderMap, peer: SocketAddr, wanted: Scope) -> Result<(), Denial> {
        let Some(secret) = secret_of(headers) else {
            let words = "a token is needed: send `Authorization: Bearer TOKEN`; `hatif token new` makes one";
            return Err(denial(TurnedAway::Token, StatusCode::UNAUTHORIZED, words));
        };
        let limited = self.limit_loopback || !peer.ip().to_canonical().is_loopback();
        let group = group_of(peer.ip());
        if limited && !self.guesses.would_pass(&group, clock::wall()) {
            let words = "too many wrong tokens came from this address; try again in a minute";
            return Err(denial(TurnedAway::Guesses, StatusCode::TOO_MANY_REQUESTS, words));
        }
        match tokens.find(secret) {
            None => {
                if limited {
                    self.guesses.pass(group, clock::wall());
                    if !self.guesses.would_pass(&group, clock::wall()) {
                        tracing::warn!(peer = %peer.ip(), "too many wrong tokens: nothing of this address is looked at for now");
                    }
                }
                let words = "the token is unknown; `hatif token new` on the server makes another";
                Err(denial(TurnedAway::Token, StatusCode::UNAUTHORIZED, words))
            }
            Some(token) if token.allows(wanted) => Ok(()),
            Some(_) => {
                let words = format!("the token is not for this; it needs the scope `{}`", wanted.word());
                Err(denial(TurnedAway::Scope, StatusCode::FORBIDDEN, words))
            }
        }
    }

    /// A page of this server itself (known by address, or by the name `localhost`), or one the operator allowed. A page
    /// under any other name may be somebody's who lets that name lead here.
    fn knows_origin(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
        if self.origins.contains(&origin) {
            return true;
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        is_own_name(host) && is_of(&origin, host)
    }
}

fn denial(why: TurnedAway, status: StatusCode, words: impl Into<String>) -> Denial {
    Denial { why, status, words: words.into() }
}

/// Whether an origin such as `https://desk.example:8443` is at a host as the header of that name gives it.
fn is_of(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, at)| at.eq_ignore_ascii_case(host))
}

/// An address or `localhost`, with or without a port: what nobody else can make lead here.
fn is_own_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// The token of a request: of the `Authorization` header or, for a browser's websocket, of the subprotocols it offers.
fn secret_of(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
    });
    bearer.or_else(|| {
        let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
        offered.split(',').find_map(|name| name.trim().strip_prefix(TOKEN_SUBPROTOCOL))
    })
}

/// When a file was last written and how long it is; `None` where it cannot be told.
fn stamp(path: &std::path::Path) -> Option<(SystemTime, u64)> {
    let of = fs::metadata(path).ok()?;
    Some((of.modified().ok()?, of.len()))
}

/// The tokens in force. A file that has changed is read again; one that is faulty then leaves the old ones in force.
fn current(kept: &Mutex<Kept>) -> Arc<Tokens> {
    // What a panic elsewhere left is whole: it is replaced as a whole.
    let mut kept: MutexGuard<'_, Kept> = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let now = clock::wall();
    if now >= kept.looked + LOOK {
        kept.looked = now;
        let found = stamp(&kept.path);
        if found != kept.stamp {
            kept.stamp = found;
            match Tokens::load(&kept.path) {
                Ok(tokens) => {
                    tracing::info!(tokens = tokens.len(), "the token file has changed");
                    kept.tokens = Arc::new(tokens);
                }
                Err(error) => tracing::error!("{error}\nthe tokens read before stay in force"),
            }
        }
    }
    kept.tokens.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    fn guard(security: &Security) -> Guard {
        Guard::new(security, true, Arc::default()).expect("a usable token file")
    }

    const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

    #[tokio::test]
    async fn a_page_connects_from_the_servers_own_origin_or_an_allowed_one() {
        let security = Security { origins: vec!["https://Desk.example".into()], ..Security::default() };
        let guard = guard(&security);
        for (origin, host, passes) in [
            ("http://127.0.0.1:7700", "127.0.0.1:7700", true),
            ("http://localhost:7700", "localhost:7700", true),
            ("http://[::1]:7700", "[::1]:7700", true),
            ("https://desk.example", "127.0.0.1:7700", true),
            ("https://desk.example.evil.example", "127.0.0.1:7700", false),
            ("http://127.0.0.1:7701", "127.0.0.1:7700", false),
            ("null", "127.0.0.1:7700", false),
            // A name that somebody lets lead here: page and request agree, and are still foreign.
            ("http://evil.example:7700", "evil.example:7700", false),
        ] {
            let of = headers(&[("origin", origin), ("host", host)]);
            assert_eq!(guard.authorise(&of, HERE, Scope::Call).is_ok(), passes, "{origin} at {host}");
            assert!(guard.authorise(&of, HERE, Scope::Operate).is_err(), "no page operates without a token");
        }
        assert!(guard.authorise(&headers(&[("host", "evil.example")]), HERE, Scope::Watch).is_err());
        assert!(guard.authorise(&headers(&[("host", "127.0.0.1:7700")]), HERE, Scope::Operate).is_ok());
        let far = SocketAddr::from(([192, 0, 2, 1], 9));
        assert!(guard.authorise(&HeaderMap::new(), far, Scope::Operate).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_of_one_address_are_slowed() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("tokens.toml");
        let secret = super::super::tokens::make(&path, "desk", &[Scope::Call]).expect("a token");
        let guard = guard(&Security { tokens: Some(path), ..Security::default() });
        let good = headers(&[("authorization", &format!("Bearer {secret}"))]);
        let browser = headers(&[("sec-websocket-protocol", &format!("hatif.v1, hatif.token.{secret}"))]);
        let bad = headers(&[("authorization", "Bearer 1234")]);
        let status =
            |of: &HeaderMap, at, scope| guard.authorise(of, at, scope).err().map(|denial| denial.status.as_u16());
        assert_eq!(status(&good, HERE, Scope::Call), None);
        assert_eq!(status(&browser, HERE, Scope::Call), None);
        assert_eq!(status(&good, HERE, Scope::Watch), Some(403));
        assert_eq!(status(&HeaderMap::new(), HERE, Scope::Call), Some(401));
        let answers: Vec<_> = (0..12).map(|_| status(&bad, HERE, Scope::Call)).collect();
        assert_eq!(answers, [vec![Some(401); 10], vec![Some(429); 2]].concat());
        assert_eq!(status(&good, HERE, Scope::Call), Some(429), "so that the answer says nothing of the guess");
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 9));
        assert_eq!(status(&good, elsewhere, Scope::Call), None);
        tokio::time::advance(std::time::Duration::from_secs(61)).await;
        assert_eq!(status(&good, HERE, Scope::Call), None);
    }
}
