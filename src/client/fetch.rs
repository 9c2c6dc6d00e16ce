//! One answer of a centre over HTTP: how it is, its records. A request a connection, as small as it can be.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;

use super::link::{LinkError, Wiring, request, wire};

/// The largest answer that is read, in bytes.
const MOST: u64 = 16 * 1024 * 1024;

/// How long an answer may take, connection and all.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no connection.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It broke.
    #[error("the connection broke while {path} was asked for: {error}")]
    Broken {
        /// What was asked for.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It does not come.
    #[error("{path} was asked for, and no answer came for {} seconds; the server is too busy, or stands still", LIMIT.as_secs())]
    Late {
        /// What was asked for.
        path: String,
    },
    /// The server answers, but not with what was asked for.
    #[error("{path} was answered with status {status}: {said}")]
    Status {
        /// What was asked for.
        path: String,
        /// The status; 0: it was no HTTP.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
}

impl FetchError {
    /// Whether the server has no such page.
    pub fn is_absent(&self) -> bool {
        matches!(self, FetchError::Status { status: 404, .. })
    }
}

/// Gets `path` (with its query) from the server whose call socket is `url`.
///
/// # Errors
/// No connection, a broken one, any status but 200, or no answer within ten seconds.
pub async fn fetch(url: &str, path: &str, wiring: &Wiring) -> Result<String, FetchError> {
    let late = |_| Err(FetchError::Late { path: path.to_owned() });
    tokio::time::timeout(LIMIT, answer(url, path, wiring)).await.unwrap_or_else(late)
}

async fn answer(url: &str, path: &str, wiring: &Wiring) -> Result<String, FetchError> {
    let upgrade = request(url, &wiring.access)?;
    let mut stream = wire(&upgrade, url, wiring).await?;
    let host = upgrade.uri().authority().map(ToString::to_string).unwrap_or_default();
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    let token = upgrade.headers().get(AUTHORIZATION).and_then(|token| token.to_str().ok());
    let token = token.map_or_else(String::new, |token| format!("Authorization: {token}\r\n"));
    let text = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n{token}\r\n");
    let broken = |error| FetchError::Broken { path: path.to_owned(), error };
    stream.write_all(text.as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    (&mut stream).take(MOST).read_to_end(&mut answer).await.map_err(broken)?;
    let (status, body) = split(&answer);
    match status {
        200 => Ok(body),
        0 => {
            let said = "nothing that HTTP knows; if the server speaks TLS, its address begins with wss:// or https://"
                .to_owned();
            Err(FetchError::Status { path: path.to_owned(), status: 0, said })
        }
        status => Err(FetchError::Status { path: path.to_owned(), status, said: body.chars().take(200).collect() }),
    }
}

/// Status and body of an answer; status 0 when it is none.
fn split(answer: &[u8]) -> (u16, String) {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status =
        head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).and_then(|code| code.parse().ok());
    match status {
        Some(status) => (status, body.trim_end().to_owned()),
        None => (0, text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_from_noise() {
        assert_eq!(split(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), (200, "{}".to_owned()));
        assert_eq!(split(b"HTTP/1.0 404 Not Found\r\n\r\nno\n"), (404, "no".to_owned()));
        assert_eq!(split(b"SSH-2.0-x\r\n"), (0, "SSH-2.0-x\r\n".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stands_still_is_not_waited_for_for_ever() {
        // The system takes the connection and the request; nobody answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/call", silent.local_addr().expect("an address"));
        let error = fetch(&url, "/health", &Wiring::default()).await.expect_err("nobody answers");
        assert!(matches!(error, FetchError::Late { .. }) && error.to_string().contains("/health"), "{error}");
    }
}
