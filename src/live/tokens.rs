//! Tokens: who holds a secret may do what its entry in the token file says.
//!
//! ```toml
//! [[token]]
//! name = "monitoring"
//! sha256 = "…64 hexadecimal digits…"
//! scopes = ["watch"]
//! ```
//!
//! The file holds the SHA-256 of each secret, so that who reads it cannot use it. Secrets are 256 random bits, so a fast
//! hash is enough: there is nothing to guess one from.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use rand::{TryRng, rngs::SysRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// What a token lets one do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Dial.
    Call,
    /// See metrics, records, refusals and events.
    Watch,
    /// Publish scripts, and everything `watch` has.
    Operate,
    /// Be an agent.
    Agent,
}

impl Scope {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Call => "call",
            Scope::Watch => "watch",
            Scope::Operate => "operate",
            Scope::Agent => "agent",
        }
    }

    /// Whether who has this may do what `wanted` is for.
    fn covers(self, wanted: Scope) -> bool {
        self == wanted || (self == Scope::Operate && wanted == Scope::Watch)
    }
}

/// The SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// That of a secret.
    pub fn of(secret: &str) -> Hash {
        Hash(Sha256::digest(secret.as_bytes()).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Hash, &'static str> {
        let help = "a SHA-256 is 64 hexadecimal digits; `hatif token new` writes one";
        let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| d.try_into().ok()).collect();
        if digits.len() != 64 || text.chars().count() != 64 {
            return Err(help);
        }
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect();
        bytes.try_into().map(Hash).map_err(|_| help)
    }
}

/// One entry of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is, for logs.
    pub name: String,
    /// The hash of its secret.
    pub hash: Hash,
    /// What it is for.
    pub scopes: Vec<Scope>,
}

/// Why a token file cannot be used: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token file {} cannot be used:\n{}", path.display(), problems.join("\n"))]
pub struct TokenFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, a line each.
    pub problems: Vec<String>,
}

/// The entries of a token file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

#[derive(Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    scopes: Vec<String>,
}

impl Tokens {
    /// Reads a token file for use; warns of one that others can read, and of one without a token.
    ///
    /// # Errors
    /// The file cannot be read, others than its owner can write it, or every mistake in it.
    pub fn load(path: &Path) -> Result<Tokens, TokenFileError> {
        let tokens = Tokens::of_file(path)?;
        let file = path.display();
        if rights(path) & 0o044 != 0 {
            tracing::warn!(%file, "others than its owner can read the token file; keep it to yourself: chmod 600");
        }
        if tokens.is_empty() {
            tracing::warn!(%file, "the token file has no token, so nobody is let in; `hatif token new` makes one");
        }
        Ok(tokens)
    }

    fn of_file(path: &Path) -> Result<Tokens, TokenFileError> {
        let error = |problems| TokenFileError { path: path.to_owned(), problems };
        let text = std::fs::read_to_string(path).map_err(|cause| {
            let help = match cause.kind() {
                io::ErrorKind::NotFound => {
                    format!("make it with `hatif token new --name N --scope call --file {}`", path.display())
                }
                _ => "let the user that the server runs as read it".to_owned(),
            };
            error(vec![format!("  {cause}; {help}")])
        })?;
        let rights = rights(path);
        if rights & 0o022 != 0 {
            let problem = format!(
                "  others than its owner can write it (mode {rights:03o}), and so let themselves in; look at its entries, then \
                 chmod 600 {}",
                path.display()
            );
            return Err(error(vec![problem]));
        }
        Tokens::read(&text).map_err(error)
    }

    /// Reads the text of a token file.
    ///
    /// # Errors
    /// Every mistake in it, a line each.
    pub fn read(text: &str) -> Result<Tokens, Vec<String>> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            vec![format!("  {place}{}; an entry is [[token]] with name, sha256 and scopes", error.message())]
        })?;
        let (mut tokens, mut problems) = (Vec::<Token>::new(), Vec::new());
        for (entry, number) in file.token.into_iter().zip(1..) {
            let mut problem = |what: String| problems.push(format!("  token {number} (`{}`): {what}", entry.name));
            let hash = entry.sha256.parse::<Hash>().map_err(|why| problem(format!("sha256: {why}"))).ok();
            let scope = |word: &String| {
                clap::ValueEnum::from_str(word, false)
                    .map_err(|_| problem(format!("`{word}` is no scope; known are call, watch, operate and agent")))
                    .ok()
            };
            let scopes: Vec<Scope> = entry.scopes.iter().filter_map(scope).collect();
            if entry.scopes.is_empty() {
                problem("it has no scope; give at least one of call, watch, operate and agent".to_owned());
            }
            if tokens.iter().any(|other| other.name == entry.name) {
                problem("there is another of this name; names tell them apart in the log".to_owned());
            }
            tokens.extend(hash.map(|hash| Token { name: entry.name.clone(), hash, scopes }));
        }
        if problems.is_empty() { Ok(Tokens(tokens)) } else { Err(problems) }
    }

    /// Whose secret this is. Every entry is compared in full, so that the time says nothing of them.
    pub fn find(&self, secret: &str) -> Option<&Token> {
        let hash = Hash::of(secret);
        self.0.iter().fold(None, |found, token| {
            let same: Choice = token.hash.0.ct_eq(&hash.0);
            if bool::from(same) { Some(token) } else { found }
        })
    }

    /// Whether an entry with this hash is for this.
    pub(super) fn allow(&self, hash: &Hash, wanted: Scope) -> bool {
        self.0.iter().any(|token| token.hash == *hash && token.allows(wanted))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Who may do what with a file, as `chmod` counts it; 0 where the system has no such rights.
fn rights(path: &Path) -> u32 {
    #[cfg(unix)]
    return std::fs::metadata(path)
        .map(|file| std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777)
        .unwrap_or_default();
    #[cfg(not(unix))]
    return 0;
}

impl Token {
    /// Whether it is for this.
    pub fn allows(&self, wanted: Scope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(wanted))
    }
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum NewTokenError {
    /// The file is there and faulty.
    #[error(transparent)]
    File(#[from] TokenFileError),
    /// The name is taken.
    #[error("{} has a token `{name}` already; choose another --name, or take its entry out of the file", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The file cannot be written, or the operating system has no randomness.
    #[error("cannot write the token file {}: {cause}; give another with --file", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// Makes a token, adds it to the file (made for its owner's eyes only when it is new) and gives the secret, which is kept
/// nowhere.
///
/// # Errors
/// The file cannot be read or written, or has a token of this name.
pub fn make(path: &Path, name: &str, scopes: &[Scope]) -> Result<String, NewTokenError> {
    let write = |cause| NewTokenError::Write { path: path.to_owned(), cause };
    let known = if path.exists() { Tokens::of_file(path)? } else { Tokens::default() };
    if known.0.iter().any(|token| token.name == name) {
        return Err(NewTokenError::Taken { path: path.to_owned(), name: name.to_owned() });
    }
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).map_err(|cause| write(io::Error::other(cause)))?;
    let secret = Hash(bytes).to_string();
    let entry = Entry {
        name: name.to_owned(),
        sha256: Hash::of(&secret).to_string(),
        scopes: scopes.iter().map(|scope| scope.word().to_owned()).collect(),
    };
    // Appended, so that what somebody wrote beside the entries stays.
    let text = toml::to_string(&File { token: vec![entry] }).map_err(|error| write(io::Error::other(error)))?;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(write)?;
    file.write_all(format!("\n{text}").as_bytes()).and_then(|()| file.sync_all()).map_err(write)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_hash_and_allows_its_scopes() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("tokens.toml");
        let desk = make(&path, "desk", &[Scope::Call]).expect("a token");
        let boss = make(&path, "boss", &[Scope::Operate]).expect("another");
        let tokens = Tokens::load(&path).expect("what was written");
        assert_eq!(tokens.len(), 2);
        let allowed = |secret: &str| {
            let token = tokens.find(secret).expect("it is there");
            [Scope::Call, Scope::Watch, Scope::Operate, Scope::Agent].map(|scope| token.allows(scope))
        };
        assert_eq!(allowed(&desk), [true, false, false, false]);
        assert_eq!(allowed(&boss), [false, true, true, false]);
        assert!(tokens.find("").is_none() && tokens.find(&desk[1..]).is_none());
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(!text.contains(&desk) && !text.contains(&boss), "the secrets are nowhere");
        assert!(matches!(make(&path, "desk", &[Scope::Call]), Err(NewTokenError::Taken { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_write_is_refused_and_one_they_can_read_is_not() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("tokens.toml");
        make(&path, "desk", &[Scope::Call]).expect("a token");
        let with = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("rights");
            Tokens::load(&path).map(|tokens| tokens.len()).map_err(|error| error.to_string())
        };
        for mode in [0o600, 0o640, 0o444] {
            assert_eq!(with(mode), Ok(1), "{mode:o}");
        }
        for mode in [0o666, 0o620, 0o602] {
            let error = with(mode).expect_err("others can write it");
            assert!(error.contains(&format!("mode {mode:o}")) && error.contains("chmod 600"), "{error}");
        }
        let error = make(&path, "boss", &[Scope::Operate]).expect_err("others can write it").to_string();
        assert!(error.contains("chmod 600"), "no secret is added to such a file: {error}");
    }

    #[test]
    fn every_mistake_of_a_token_file_is_named() {
        let text = "[[token]]\nname = \"a\"\nsha256 = \"12\"\nscopes = []\n[[token]]\nname = \"b\"\nsha256 = \"\"\nscopes = [\"dial\"]\n";
        let problems = Tokens::read(text).expect_err("four").join("\n");
        for part in ["token 1 (`a`): sha256", "no scope; give", "token 2 (`b`): sha256", "`dial` is no scope"] {
            assert!(problems.contains(part), "{part} is not in {problems}");
        }
        assert_eq!(Tokens::read("[[token]]\nnam = 1\n").expect_err("a field").len(), 1);
        assert!(Tokens::read("").expect("empty").is_empty());
    }
}
