//! How many connections this process may have: it raises its limit on open files as far as the system lets it, and knows
//! beforehand how many sockets fit.

use std::{
    cell::Cell,
    net::{IpAddr, UdpSocket},
    rc::Rc,
};

/// Files that are no calls: standard streams, the event queue, what is fetched afterwards.
const RESERVE: u64 = 48;

/// What the system allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Open files this process may have.
    pub files: u64,
    /// Connections that fit.
    pub sockets: usize,
}

impl Room {
    /// Raises the soft limit on open files to the hard one, and says what fits.
    ///
    /// # Errors
    /// The system tells no limit.
    pub fn make() -> std::io::Result<Room> {
        let files = match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(files) => files,
            // It could not be raised; what there is holds.
            Err(_) => rlimit::Resource::NOFILE.get_soft()?,
        };
        Ok(Room::of(files))
    }

    fn of(files: u64) -> Room {
        Room { files, sockets: usize::try_from(files.saturating_sub(RESERVE)).unwrap_or(usize::MAX) }
    }
}

/// An address that calls cannot come from.
#[derive(Debug, thiserror::Error)]
#[error("--local {address}: calls cannot come from there ({cause}); give addresses of this machine, such as 127.0.0.2")]
pub struct NotLocal {
    address: IpAddr,
    cause: std::io::Error,
}

/// Whether connections can come from each of these.
///
/// # Errors
/// The first that is no address of this machine.
pub fn check_local(addresses: &[IpAddr]) -> Result<(), NotLocal> {
    // Nothing is sent: a socket that only takes a port says whose the address is.
    let tried = |address: IpAddr| UdpSocket::bind((address, 0)).map_err(|cause| NotLocal { address, cause });
    addresses.iter().try_for_each(|address| tried(*address).map(drop))
}

/// The sockets that are left, and the addresses calls come from in turn.
#[derive(Debug)]
pub struct Sockets {
    left: Rc<Cell<usize>>,
    local: Vec<IpAddr>,
    turn: Cell<usize>,
}

/// A socket in use; given back when dropped.
#[derive(Debug)]
pub struct Socket {
    left: Rc<Cell<usize>>,
    /// The address it comes from.
    pub local: Option<IpAddr>,
}

impl Sockets {
    /// As many as there is room for.
    pub fn new(room: Room, local: Vec<IpAddr>) -> Sockets {
        Sockets { left: Rc::new(Cell::new(room.sockets)), local, turn: Cell::new(0) }
    }

    /// Takes one; `None`: none is left.
    pub fn take(&self) -> Option<Socket> {
        self.left.set(self.left.get().checked_sub(1)?);
        self.turn.set(self.turn.get().wrapping_add(1));
        let local = (!self.local.is_empty()).then(|| self.local[self.turn.get() % self.local.len()]);
        Some(Socket { left: self.left.clone(), local })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.left.set(self.left.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_run_out_and_come_back() {
        let local: IpAddr = "127.0.0.2".parse().expect("an address");
        let sockets = Sockets::new(Room::of(RESERVE + 2), vec![local]);
        let (one, two) = (sockets.take().expect("room"), sockets.take().expect("room"));
        assert_eq!((one.local, two.local), (Some(local), Some(local)));
        assert!(sockets.take().is_none());
        drop(one);
        assert!(sockets.take().is_some());
    }

    #[test]
    fn a_limit_below_the_reserve_leaves_no_room() {
        assert_eq!(Room::of(20).sockets, 0);
    }
}
