//! TLS at the door: certificate and key from PEM files, and connections that shake hands when they are first used, so that
//! a slow peer holds up nobody but itself.

use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{
    Accept, TlsAcceptor,
    rustls::{ServerConfig, crypto::ring},
    server::TlsStream,
};

use super::{
    config::TlsFiles,
    counts::{Counts, TurnedAway},
};

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be used.
    #[error("the certificate {} cannot be used: {why}; give a PEM file with the server's certificate first", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The key cannot be used.
    #[error("the key {} cannot be used: {why}; give a PEM file with the private key of the certificate, not encrypted", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The key is not the certificate's.
    #[error("the key {} does not fit the certificate {}: {why}; give the two that were made together", key.display(), cert.display())]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        why: String,
    },
}

/// Reads certificate and key.
///
/// # Errors
/// Either cannot be read, is not PEM, or does not fit the other.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let chain = chain(&files.cert)?;
    let bad = |why: String| TlsError::Key { path: files.key.clone(), why };
    let text = std::fs::read(&files.key).map_err(|error| bad(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| bad(error.to_string()))?;
    let unfit = |error: tokio_rustls::rustls::Error| TlsError::Pair {
        cert: files.cert.clone(),
        key: files.key.clone(),
        why: error.to_string(),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bad = |why: String| TlsError::Certificate { path: path.to_owned(), why };
    let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| bad(error.to_string()))?;
    if chain.is_empty() { Err(bad("it holds no certificate".to_owned())) } else { Ok(chain) }
}

/// A connection, in clear or secured.
pub(super) enum Secured<S> {
    /// In clear.
    Plain(S),
    /// Shaking hands; goes on whenever somebody reads or writes.
    Shaking(Pin<Box<Accept<S>>>, Arc<Counts>),
    /// Secured.
    Tls(Box<TlsStream<S>>),
    /// The handshake failed; the connection is closed already.
    Broken,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Secured<S> {
    /// A connection that shakes hands as `tls` says, where there is one.
    pub(super) fn new(stream: S, tls: Option<&TlsAcceptor>, counts: &Arc<Counts>) -> Secured<S> {
        match tls {
            None => Secured::Plain(stream),
            Some(tls) => Secured::Shaking(Box::pin(tls.accept(stream)), counts.clone()),
        }
    }

    fn shaken(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Secured::Shaking(accept, counts) = self {
            match ready!(accept.as_mut().poll(cx)) {
                Ok(stream) => *self = Secured::Tls(Box::new(stream)),
                Err(error) => {
                    counts.turn_away(TurnedAway::Tls);
                    *self = Secured::Broken;
                    tracing::debug!(%error, "TLS failed");
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Passes a call on to whichever stream there is.
macro_rules! on_stream {
    ($self:ident, $cx:ident, $stream:ident => $call:expr) => {{
        let this = $self.get_mut();
        ready!(this.shaken($cx))?;
        match this {
            Secured::Plain(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Secured::Tls(stream) => {
                let $stream = Pin::new(&mut **stream);
                $call
            }
            Secured::Shaking(..) | Secured::Broken => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }};
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Secured<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, cx, stream => stream.poll_read(cx, buf))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Secured<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        on_stream!(self, cx, stream => stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, cx, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(*self, Secured::Shaking(..) | Secured::Broken) {
            // Nothing was agreed on, so there is nothing to take leave of; dropping closes the line.
            return Poll::Ready(Ok(()));
        }
        on_stream!(self, cx, stream => stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, cx, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Secured::Plain(stream) => stream.is_write_vectored(),
            Secured::Shaking(..) | Secured::Tls(_) => true,
            Secured::Broken => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_used_are_named_with_the_way_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let made = || rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
        let (one, other) = (made(), made());
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let cert = put("cert.pem", &one.cert.pem());
        let key = put("key.pem", &one.signing_key.serialize_pem());
        let other_key = put("other.pem", &other.signing_key.serialize_pem());
        let (junk, missing) = (put("junk.pem", "hello"), dir.path().join("nowhere.pem"));
        let error = |cert: &PathBuf, key: &PathBuf| {
            let files = TlsFiles { cert: cert.clone(), key: key.clone() };
            acceptor(&files).err().map(|error| error.to_string())
        };
        assert_eq!(error(&cert, &key), None);
        for (cert, key, part) in [
            (&missing, &key, "nowhere.pem cannot be used: No such file"),
            (&junk, &key, "junk.pem cannot be used: it holds no certificate"),
            (&cert, &junk, "the key"),
            (&cert, &missing, "nowhere.pem cannot be used: No such file"),
            (&cert, &other_key, "does not fit the certificate"),
        ] {
            let found = error(cert, key).expect(part);
            assert!(found.contains(part) && found.contains("; give"), "{found}");
        }
    }
}
