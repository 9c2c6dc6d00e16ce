//! The lock of a folder of call records: who writes there holds it, who looks there asks for it.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// The file that a running server holds locked.
const NAME: &str = "lock";

/// A folder's lock, held by the one who writes in it until this is dropped.
#[derive(Debug)]
pub(super) struct FolderLock(File);

impl FolderLock {
    /// None: another server holds it.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn take(dir: &Path) -> io::Result<Option<FolderLock>> {
        let file = File::create(dir.join(NAME))?;
        Ok(is_free(file.try_lock())?.then_some(FolderLock(file)))
    }
}

impl Drop for FolderLock {
    /// Closing the file is not enough: a process that was started meanwhile holds it open too, from its fork to its exec.
    fn drop(&mut self) {
        // What cannot be given back goes with the process.
        let _ = self.0.unlock();
    }
}

/// Whether a server holds the folder's lock. Any number may ask at once.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn is_held(dir: &Path) -> io::Result<bool> {
    let file = match File::open(dir.join(NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let free = is_free(file.try_lock_shared())?;
    // As above: not left to the closing.
    if free {
        file.unlock()?;
    }
    Ok(!free)
}

fn is_free(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time_and_whoever_asks_hears_of_it() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(!is_held(dir.path()).expect("a folder"), "nobody was ever here");
        let held = FolderLock::take(dir.path()).expect("a folder").expect("free");
        assert!(is_held(dir.path()).expect("a folder"));
        assert!(FolderLock::take(dir.path()).expect("a folder").is_none());
        drop(held);
        assert!(!is_held(dir.path()).expect("a folder"));
        assert!(FolderLock::take(dir.path()).expect("a folder").is_some());
    }

    #[test]
    fn it_is_free_when_dropped_though_a_process_started_meanwhile_has_the_file_open() {
        let dir = tempfile::tempdir().expect("a folder");
        let held = FolderLock::take(dir.path()).expect("a folder").expect("free");
        let child = held.0.try_clone().expect("a second descriptor, as a fork makes");
        drop(held);
        assert!(FolderLock::take(dir.path()).expect("a folder").is_some());
        drop(child);
    }
}
