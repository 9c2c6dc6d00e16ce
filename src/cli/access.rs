//! What every command that connects to a centre takes: a token, and by whose certificate the centre is known.

use std::path::PathBuf;

use crate::client::{Access, Secret};

/// Arguments for a centre that does not talk to everybody.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct AccessArgs {
    /// The secret of a token, as `hatif token new` printed it; better in the environment, where other users do not see it
    #[arg(long, value_name = "TOKEN", env = "HATIF_TOKEN", hide_env_values = true, value_parser = secret)]
    token: Option<Secret>,
    /// For a wss:// address: the file of the certificate (PEM) by which the centre is known
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

fn secret(text: &str) -> Result<Secret, String> {
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Secret::new(text)),
        false => Err("a token is one word of letters and digits; `hatif token new` prints it".to_owned()),
    }
}

impl AccessArgs {
    /// As the client takes it.
    pub(super) fn access(&self) -> Access {
        Access { token: self.token.clone(), ca: self.ca.clone() }
    }
}
