//! Numbered pieces of work on several threads, whose results are taken strictly in the order of their numbers.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

/// How far work may run ahead of what was taken, for each thread: enough that nobody waits for a slow neighbour, little
/// enough that results do not pile up and little is thrown away when the taker has had enough.
const AHEAD: u32 = 3;

/// A piece of work panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// Which piece.
    pub index: u32,
    /// What it said.
    pub message: String,
}

/// What the threads share.
struct Shared {
    /// The next piece that nobody has begun.
    next: u32,
    /// How many were taken.
    taken: u32,
    /// Nobody begins another piece.
    over: bool,
}

/// Does pieces `0..limit` on `threads` threads and hands each result to `take`, strictly in order, on the calling thread.
///
/// `work` gives `None` when it left its piece unfinished because `cancel` was set. Once it is set no further piece is
/// begun; pieces that were finished are still taken, in order, those after an unfinished one too. When `take` breaks,
/// the work stops and what was done ahead is thrown away, so that what is taken does not depend on the number of threads.
///
/// # Errors
/// A piece panicked; those before it were taken.
pub fn in_order<T: Send>(
    threads: NonZeroUsize,
    limit: u32,
    cancel: &AtomicBool,
    work: impl Fn(u32) -> Option<T> + Sync,
    mut take: impl FnMut(u32, T) -> ControlFlow<()>,
) -> Result<(), Panicked> {
    let threads = threads.get().min(limit.max(1) as usize);
    let ahead = AHEAD.saturating_mul(u32::try_from(threads).unwrap_or(u32::MAX));
    let shared = Mutex::new(Shared { next: 0, taken: 0, over: false });
    let moved = Condvar::new();
    let (tell, told) = mpsc::channel();
    let claim = || {
        let mut now = lock(&shared);
        while !now.over && now.next < limit && now.next >= now.taken.saturating_add(ahead) {
            now = moved.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        let free = !now.over && now.next < limit && !cancel.load(Ordering::Relaxed);
        free.then(|| {
            now.next += 1;
            now.next - 1
        })
    };
    let finish = |over: bool| {
        let mut now = lock(&shared);
        now.taken = now.taken.saturating_add(1);
        now.over |= over;
        moved.notify_all();
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            let tell = tell.clone();
            let (claim, work) = (&claim, &work);
            scope.spawn(move || {
                while let Some(index) = claim() {
                    // A panic is told; nothing that the work holds is used again after it.
                    let result = catch_unwind(AssertUnwindSafe(|| work(index)));
                    if tell.send((index, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (index, result) in &told {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&due) {
                let taken = one(due, result, &mut take);
                finish(!matches!(taken, Ok(ControlFlow::Continue(()))));
                if !matches!(taken?, ControlFlow::Continue(())) {
                    return Ok(());
                }
                due += 1;
            }
        }
        Ok(())
    })
}

/// Takes one result.
fn one<T>(
    index: u32,
    result: thread::Result<Option<T>>,
    take: &mut impl FnMut(u32, T) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Panicked> {
    match result {
        Ok(Some(result)) => Ok(take(index, result)),
        Ok(None) => Ok(ControlFlow::Continue(())),
        Err(panic) => Err(Panicked { index, message: said(&*panic) }),
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Nothing that can panic happens under the lock.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(threads: usize, limit: u32, enough: u32) -> Vec<u32> {
        let threads = NonZeroUsize::new(threads).expect("not zero");
        let mut taken = Vec::new();
        let work = |i: u32| Some(i * i);
        in_order(threads, limit, &AtomicBool::new(false), work, |i, square| {
            assert_eq!(square, i * i);
            taken.push(i);
            if i + 1 == enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("no panic");
        taken
    }

    #[test]
    fn results_come_in_order_and_stop_at_the_same_piece_whatever_the_threads() {
        for threads in [1, 2, 4, 9] {
            assert_eq!(taken(threads, 100, u32::MAX), (0..100).collect::<Vec<_>>());
            assert_eq!(taken(threads, 100, 7), (0..7).collect::<Vec<_>>());
            assert_eq!(taken(threads, 0, 7), Vec::<u32>::new());
        }
    }

    #[test]
    fn a_panic_is_told_with_its_piece_and_what_it_said() {
        let two = NonZeroUsize::new(2).expect("not zero");
        let mut taken = 0;
        let work = |i: u32| {
            assert!(i != 5, "five is right out");
            Some(i)
        };
        let error = in_order(two, 50, &AtomicBool::new(false), work, |_, _| {
            taken += 1;
            ControlFlow::Continue(())
        })
        .expect_err("it panicked");
        assert_eq!((error.index, taken), (5, 5));
        assert!(error.message.contains("five is right out"), "{}", error.message);
    }

    #[test]
    fn what_was_finished_before_a_cancel_is_taken() {
        let one = NonZeroUsize::MIN;
        let cancel = AtomicBool::new(false);
        let mut taken = Vec::new();
        let work = |i: u32| (!cancel.load(Ordering::Relaxed)).then_some(i);
        in_order(one, 1_000_000, &cancel, work, |i, _| {
            taken.push(i);
            if i == 3 {
                cancel.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        })
        .expect("no panic");
        assert!(taken.len() >= 4 && taken.len() < 1_000_000, "{}", taken.len());
    }
}
