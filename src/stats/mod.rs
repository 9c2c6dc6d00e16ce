//! Estimates with confidence intervals.
//!
//! The sample is the replications of a run (or the batches of a long one), which are independent; calls within a run are
//! not, so no interval is ever made of single calls. A mean has an interval by Student's t, a ratio of two sums (most
//! measures are one) by the delta method, a difference of two designs that met the same callers by pairs, a quantile by
//! order statistics, a share of days by Wilson's score.
//!
//! Imports `special`. Never enters: chance, what is measured. The functions behind it are made
//! of `libm` alone, so that the same sample gives the same bits on every machine.

mod batches;
mod estimate;
mod moments;
mod pairs;
mod precision;
mod quantile;
mod ratio;
mod share;

pub use batches::{batch_means, lag_one_correlation};
pub use estimate::{Estimate, student_t};
pub use moments::{Moments, independent_difference};
pub use pairs::{paired_difference, paired_ratio_difference};
pub use precision::Precision;
pub use quantile::{quantile_interval, quantile_rank, quantile_ranks};
pub use ratio::{Fraction, Ratio};
pub use share::wilson;
