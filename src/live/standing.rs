//! The token file as it is in force, and the connections that stand on its entries.
//!
//! The file is looked at once a second. What it says from then on holds for requests and for open connections alike: those
//! whose entry is gone, or no longer has the scope they came by, are told to close. A file that has become faulty changes
//! nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use tokio::time::Instant as Wall;
use tokio_util::sync::CancellationToken;

use super::{
    clock,
    tokens::{Hash, Scope, Token, TokenFileError, Tokens},
};

/// How often the token file is looked at.
pub(super) const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// Until when a connection may stay: cancelled when what let it in is taken back, and when the server ends.
#[derive(Clone, Debug)]
pub(super) struct Standing(pub(super) CancellationToken);

/// See the top of this file.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    kept: Mutex<Kept>,
    /// Cancelled when the server ends.
    closing: CancellationToken,
}

/// The file as it was when it was last read.
#[derive(Debug)]
struct Kept {
    tokens: Arc<Tokens>,
    stamp: Option<(SystemTime, u64)>,
    /// Why the file cannot be used as it is now. It is read again at each look until it can: what mends it (its mode, its owner,
    /// a disk) may leave time and length as they are.
    refused: Option<TokenFileError>,
    looked: Wall,
    /// What open connections stand on; one for all of an entry and a scope.
    admitted: Vec<Admitted>,
}

#[derive(Debug)]
struct Admitted {
    by: Hash,
    scope: Scope,
    until: CancellationToken,
}

impl TokenFile {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be used.
    pub(super) fn open(path: &Path, closing: CancellationToken) -> Result<TokenFile, TokenFileError> {
        let stamp = stamp(path);
        let tokens = Arc::new(Tokens::load(path)?);
        let kept = Kept { tokens, stamp, refused: None, looked: clock::wall(), admitted: Vec::new() };
        Ok(TokenFile { path: path.to_owned(), kept: Mutex::new(kept), closing })
    }

    /// The tokens in force.
    pub(super) fn current(&self) -> Arc<Tokens> {
        self.looked().tokens.clone()
    }

    /// What a connection stands on that this entry lets in.
    pub(super) fn admit(&self, token: &Token, scope: Scope) -> Standing {
        let mut kept = self.looked();
        let known = kept.admitted.iter().find(|admitted| admitted.by == token.hash && admitted.scope == scope);
        let until = match known {
            Some(admitted) => admitted.until.clone(),
            None => {
                let until = self.closing.child_token();
                // Taken back between the judgement and now.
                if !kept.tokens.allow(&token.hash, scope) {
                    until.cancel();
                    return Standing(until);
                }
                kept.admitted.push(Admitted { by: token.hash, scope, until: until.clone() });
                until
            }
        };
        Standing(until)
    }

    /// Looks at the file again and again, until the server ends.
    pub(super) async fn watch(&self) {
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = tokio::time::sleep(LOOK) => drop(self.looked()),
            }
        }
    }

    /// What is kept, with the file looked at when it is time.
    fn looked(&self) -> MutexGuard<'_, Kept> {
        // What a panic elsewhere left is whole: it is replaced as a whole.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::wall();
        if now >= kept.looked + LOOK {
            kept.looked = now;
            let found = stamp(&self.path);
            if found != kept.stamp || kept.refused.is_some() {
                kept.stamp = found;
                match Tokens::load(&self.path) {
                    Ok(tokens) => kept.replace(tokens),
                    Err(error) => kept.refuse(error),
                }
            }
        }
        kept
    }
}

impl Kept {
    fn replace(&mut self, tokens: Tokens) {
        let withdrawn = self.admitted.extract_if(.., |admitted| !tokens.allow(&admitted.by, admitted.scope));
        let withdrawn = withdrawn.inspect(|admitted| admitted.until.cancel()).count();
        tracing::info!(tokens = tokens.len(), withdrawn, "the token file has changed");
        self.tokens = Arc::new(tokens);
        self.refused = None;
    }

    fn refuse(&mut self, error: TokenFileError) {
        if self.refused.as_ref() != Some(&error) {
            tracing::error!("{error}\nthe tokens read before stay in force");
        }
        self.refused = Some(error);
    }
}

/// When a file was last written and how long it is; `None` where it cannot be told.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let of = fs::metadata(path).ok()?;
    Some((of.modified().ok()?, of.len()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn entry(name: &str, digit: char) -> String {
        let sha256 = digit.to_string().repeat(64);
        format!("[[token]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\nscopes = [\"call\"]\n")
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_mended_by_its_mode_alone_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("tokens.toml");
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a file of ours");
        fs::write(&path, entry("a", '1') + &entry("b", '2')).expect("a file");
        mode(0o600);
        let file = TokenFile::open(&path, CancellationToken::new()).expect("a token file");
        assert_eq!(file.current().len(), 2);
        fs::write(&path, entry("a", '1')).expect("a file");
        mode(0o664);
        tokio::time::advance(LOOK).await;
        assert_eq!(file.current().len(), 2, "others can write it: what was read before stays in force");
        mode(0o600);
        tokio::time::advance(LOOK).await;
        assert_eq!(file.current().len(), 1, "the one taken out is gone");
    }
}
