//! TLS towards a centre: whom to believe, and that it is the one that was dialled.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};

/// Why what was given for access cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The token holds what no header can.
    #[error("the token cannot be sent: it is not one word of letters and digits; `hatif token new` makes one")]
    Token,
    /// A secure address without a certificate to know the centre by.
    #[error("for a wss:// address give the certificate by which the centre is known: --ca FILE (PEM)")]
    NoCertificate,
    /// The file cannot be read, or is no certificate.
    #[error("the certificates in {} cannot be used: {why}; give a PEM file with --ca", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The host of the address is none a certificate can name.
    #[error("`{0}` is neither a name nor an address that a certificate can be for")]
    Name(String),
    /// The connection could not be secured.
    #[error("the connection to {url} cannot be secured: {}", tls_help(error))]
    Tls {
        /// As given.
        url: String,
        /// Why.
        error: std::io::Error,
    },
}

fn tls_help(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.contains("CaUsedAsEndEntity") {
        true => "its certificate is one of an authority, not of a server; make it with \
                 `-addext basicConstraints=critical,CA:FALSE`, as docs/operations.md shows"
            .to_owned(),
        false => format!("{text}; check --ca, and that the certificate names this host"),
    }
}

/// What secures connections to `host`, and the name it must prove.
pub(super) fn connector(ca: Option<&Path>, host: &str) -> Result<(TlsConnector, ServerName<'static>), AccessError> {
    let path = ca.ok_or(AccessError::NoCertificate)?;
    let bad = |why: String| AccessError::Certificate { path: path.to_owned(), why };
    let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(bad("it holds no certificate".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| AccessError::Name(host.to_owned()))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}
