//! How many connections there are, in all and of each address.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
};

use dashmap::DashMap;

use super::{
    config::Limits,
    counts::{Counts, TurnedAway},
    pace::group_of,
};

/// Open connections.
#[derive(Debug)]
pub(super) struct Connections {
    most: u64,
    per_address: u32,
    limit_loopback: bool,
    /// By address; whoever has none is not in it.
    by_address: DashMap<IpAddr, u32, ahash::RandomState>,
    counts: Arc<Counts>,
}

/// One open connection; dropped with it.
#[derive(Debug)]
pub(super) struct Ticket {
    connections: Arc<Connections>,
    address: Option<IpAddr>,
}

impl Connections {
    /// None yet. At most as many as the limits say, and as `files` allows.
    pub(super) fn new(limits: &Limits, files: Option<u64>, counts: Arc<Counts>) -> Connections {
        let most = (limits.max_connections as u64).min(files.unwrap_or(u64::MAX));
        Connections {
            most,
            per_address: u32::try_from(limits.per_address).unwrap_or(u32::MAX),
            limit_loopback: limits.limit_loopback,
            // Whoever can choose addresses must not be able to choose where they collide.
            by_address: DashMap::with_hasher(ahash::RandomState::new()),
            counts,
        }
    }

    /// Lets one more in.
    pub(super) fn enter(self: &Arc<Connections>, peer: IpAddr) -> Result<Ticket, TurnedAway> {
        // One task accepts, so that nobody else adds between looking and adding.
        if self.counts.connections.load(Ordering::Relaxed) >= self.most {
            return Err(TurnedAway::Connections);
        }
        let address = counted(peer, self.limit_loopback);
        if let Some(address) = address {
            let mut count = self.by_address.entry(address).or_insert(0);
            if *count >= self.per_address {
                return Err(TurnedAway::Address);
            }
            *count += 1;
        }
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        Ok(Ticket { connections: self.clone(), address })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.connections.counts.connections.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.address else { return };
        if let Some(mut count) = self.connections.by_address.get_mut(&address) {
            *count -= 1;
        }
        self.connections.by_address.remove_if(&address, |_, count| *count == 0);
    }
}

/// The address a peer counts for; `None` where addresses do not count.
pub(super) fn counted(peer: IpAddr, limit_loopback: bool) -> Option<IpAddr> {
    (limit_loopback || !peer.to_canonical().is_loopback()).then(|| group_of(peer))
}

/// Files beside connections: the store, logs, timers, connections that are being taken leave of.
const OTHER_FILES: u64 = 512;

/// Asks the operating system for as many open files as `most` connections need; how many connections it allows, where that
/// is fewer.
pub(super) fn room_for(most: usize) -> Option<u64> {
    let wanted = most as u64 + OTHER_FILES;
    let allowed = rlimit::increase_nofile_limit(wanted).unwrap_or(wanted);
    if allowed >= wanted {
        return None;
    }
    let fewer = allowed.saturating_sub(OTHER_FILES).max(allowed / 2).max(1);
    tracing::warn!(
        wanted = most,
        allowed = fewer,
        "the operating system allows fewer open files than `limits.max_connections`; raise it with `ulimit -n {wanted}`, \
         or LimitNOFILE= of a service"
    );
    Some(fewer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_and_all_together_have_a_cap_that_lifts_when_one_leaves() {
        let counts = Arc::new(Counts::default());
        let limits = Limits { max_connections: 4, per_address: 2, ..Limits::default() };
        let connections = Arc::new(Connections::new(&limits, None, counts.clone()));
        let enter = |text: &str| connections.enter(text.parse().expect("an address"));
        let (first, _second) = (enter("192.0.2.1").expect("room"), enter("192.0.2.1").expect("room"));
        assert_eq!(enter("192.0.2.1").err(), Some(TurnedAway::Address));
        let _here = (enter("127.0.0.1").expect("room"), enter("127.0.0.1").expect("room"));
        assert_eq!(enter("192.0.2.2").err(), Some(TurnedAway::Connections));
        drop(first);
        let _third = enter("192.0.2.1").expect("room again");
        assert_eq!(counts.connections.load(Ordering::Relaxed), 4);
        assert_eq!(connections.by_address.len(), 1);
    }
}
