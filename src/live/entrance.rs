//! Who is let in, and how: tokens, certificate and key, read before the door opens.

use std::{net::SocketAddr, sync::Arc};

use tokio_rustls::TlsAcceptor;

use super::{Config, StartError, counts::Counts, guard::Guard, tls};

/// Who is let in, and how.
pub(super) struct Entrance {
    pub(super) guard: Arc<Guard>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) counts: Arc<Counts>,
}

impl Entrance {
    /// Reads tokens, certificate and key; refuses to be open to everybody.
    pub(super) fn of(config: &Config, addr: SocketAddr) -> Result<Entrance, StartError> {
        let Config { security, limits, .. } = config;
        let far = !addr.ip().to_canonical().is_loopback();
        if far && security.tokens.is_none() {
            return Err(StartError::Open(addr));
        }
        let counts = Arc::new(Counts::default());
        let guard = Arc::new(Guard::new(security, limits.limit_loopback, counts.clone())?);
        let tls = security.tls.as_ref().map(tls::acceptor).transpose()?;
        if far && tls.is_none() {
            tracing::warn!(
                "without TLS (--tls-cert, --tls-key) tokens and calls travel in clear; let a proxy add it, or set it"
            );
        }
        Ok(Entrance { guard, tls, counts })
    }
}
