//! One long run cut into batches.

use super::Moments;

/// The means of so many batches of equal length (at least 2) of a series in order of time; what is left over at the front
/// is dropped with the warm-up. `None` when the series is shorter than the number of batches.
///
/// Batches stand for replications when they are long against the memory of the system (Law, *Simulation Modeling and
/// Analysis*, §9.5); [`lag_one_correlation`] of the means tells.
pub fn batch_means(series: &[f64], batches: usize) -> Option<Vec<f64>> {
    let length = series.len().checked_div(batches).filter(|&length| length > 0 && batches > 1)?;
    let series = &series[series.len() - length * batches..];
    Some(series.chunks(length).map(|batch| batch.iter().sum::<f64>() / length as f64).collect())
}

/// The correlation of neighbours in a series: near zero for independent numbers, with standard error about 1/√n. `None`
/// of fewer than three numbers or of numbers that are all the same.
pub fn lag_one_correlation(series: &[f64]) -> Option<f64> {
    let moments: Moments = series.iter().copied().collect();
    let (mean, variance) = (moments.mean()?, moments.variance()?);
    if series.len() < 3 || variance <= 0.0 {
        return None;
    }
    let together: f64 = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    Some(together / (variance * (series.len() - 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_drop_the_remainder_at_the_front() {
        let series = [99.0, 1.0, 3.0, 5.0, 7.0];
        assert_eq!(batch_means(&series, 2), Some(vec![2.0, 6.0]));
        assert_eq!(batch_means(&series, 6), None);
        assert_eq!(batch_means(&series, 0), None);
    }

    #[test]
    fn neighbours_that_alike_are_seen() {
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(lag_one_correlation(&rising).expect("many") > 0.9);
        let turning: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        assert!(lag_one_correlation(&turning).expect("many") < -0.9);
        assert_eq!(lag_one_correlation(&[1.0; 10]), None);
    }
}
