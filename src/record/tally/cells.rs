//! Where numbers go, and the passing of time.

use super::{
    Tally,
    call::Keys,
    sums::{Interval, Length},
};
use crate::{
    record::figures::{COMMON, Field, Figures},
    time::{Duration, Instant},
};

impl Tally {
    /// Adds a call to every dimension but its queues'.
    #[inline]
    pub(super) fn count(&mut self, keys: Keys, common: &[u64; COMMON], rest: Option<&Figures>) {
        self.cells(keys, |figures| {
            for (mine, n) in figures.0[..COMMON].iter_mut().zip(common) {
                *mine += n;
            }
        });
        if let Some(rest) = rest {
            self.cells(keys, |figures| figures.merge(rest));
        }
    }

    /// Does something with the cell of each dimension a call counts in.
    #[inline]
    pub(super) fn cells(&mut self, keys: Keys, mut change: impl FnMut(&mut Figures)) {
        change(&mut self.cell(keys.interval).figures);
        if let Some(figures) = self.sums.languages.get_mut(keys.language.index()) {
            change(figures);
        }
        let unknown = self.sums.intents.len() - 1;
        change(&mut self.sums.intents[usize::from(keys.intent).min(unknown)]);
        change(&mut self.sums.regions[usize::from(keys.region)]);
    }

    pub(super) fn add_everywhere(&mut self, keys: Keys, field: Field, n: u64) {
        self.cells(keys, |figures| figures.add(field, n));
        if let Some(sums) = self.sums.queues.get_mut(keys.queue.index()) {
            sums.figures.add(field, n);
        }
    }

    pub(super) fn after_call(&mut self, keys: Keys, work: Duration) {
        self.add_everywhere(keys, Field::AfterCall, work.as_micros());
    }

    /// The cell of an interval, which is made, with those before it, when there is none.
    #[inline]
    pub(super) fn cell(&mut self, interval: u32) -> &mut Interval {
        if self.sums.intervals.len() <= interval as usize {
            self.make_cells(interval);
        }
        &mut self.sums.intervals[interval as usize]
    }

    #[cold]
    pub(super) fn make_cells(&mut self, interval: u32) {
        while self.sums.intervals.len() <= interval as usize {
            let start = self.start_of(self.sums.intervals.len() as u64);
            let (date, _) = self.clock.local(start);
            let queues = vec![Length::default(); self.lines.len()];
            self.sums.intervals.push(Interval { start, date, observed: 0, figures: Figures::ZERO, queues });
        }
    }

    pub(super) fn start_of(&self, interval: u64) -> Instant {
        Instant((interval * self.rules.interval.as_micros()).saturating_sub(self.lead))
    }

    /// Passes every boundary up to `at`.
    #[cold]
    pub(super) fn pass(&mut self, at: Instant) {
        while at.0 >= self.boundary {
            let boundary = Instant(self.boundary);
            self.close(boundary);
            if !self.measuring {
                if boundary < self.rules.warm_up {
                    // Nothing is measured until then, so there is no interval to close before.
                    self.boundary = self.rules.warm_up.0;
                    continue;
                }
                self.measuring = true;
                self.carry(boundary, -1);
            }
            self.open(boundary);
        }
    }

    /// Begins measuring at `at`, in the interval of that instant.
    pub(super) fn open(&mut self, at: Instant) {
        self.interval = ((at.0 + self.lead) / self.rules.interval.as_micros()) as u32;
        self.boundary = self.start_of(u64::from(self.interval) + 1).0;
        for line in &mut self.lines {
            line.most = line.count;
        }
    }

    /// Adds time up to `at` to the interval now, and goes on from there.
    pub(super) fn close(&mut self, at: Instant) {
        let (length, interval) = (at.0 - self.start.0, self.interval);
        match self.measuring {
            true => {
                self.cell(interval);
                let cell = &mut self.sums.intervals[interval as usize];
                cell.observed += length;
                self.staff.close(at, Some(&mut cell.figures));
                if cell.queues.len() < self.lines.len() {
                    cell.queues.resize(self.lines.len(), Length::default());
                }
                for (i, line) in self.lines.iter().enumerate() {
                    let area = line.area.wrapping_add(u64::from(line.count).wrapping_mul(length));
                    cell.queues[i].area += area;
                    cell.queues[i].most = cell.queues[i].most.max(line.most);
                    self.sums.queues[i].law.area += area;
                }
            }
            false => self.staff.close(at, None),
        }
        for line in &mut self.lines {
            line.area = 0;
        }
        self.start = at;
    }

    /// Notes for Little's law what calls waiting at `at` have waited: with sign 1 at an end, -1 at a beginning.
    pub(super) fn carry(&mut self, at: Instant, sign: i64) {
        for (_, live) in self.calls.iter().filter(|(_, live)| live.entered != Instant::NEVER) {
            if let Some(sums) = self.sums.queues.get_mut(live.queue.index()) {
                sums.law.carried += sign * at.since(live.entered).as_micros() as i64;
            }
        }
    }
}
