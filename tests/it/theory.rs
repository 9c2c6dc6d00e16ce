//! Queueing theory and statistics against results of the literature, evaluated elsewhere to nine digits or more: every
//! row of `oracles.csv` must be met, and a row that no formula here answers fails.

use hatif::{stats, theory};
use serde_json::Value;
use theory::{
    AnyPatience, Class, DayFactor, ErlangC, Formula, Impatient, Line, NDesign, NDesignFigures, Patience, Sinusoid,
    Target, Traffic,
};

/// One row: what model, with which parameters, which measure of it, and its value as printed.
pub struct Row {
    pub line: usize,
    pub model: String,
    pub params: Value,
    pub measure: String,
    pub value: String,
    pub source: String,
}

impl Row {
    /// A parameter that is a number.
    pub fn number(&self, name: &str) -> f64 {
        self.params[name].as_f64().unwrap_or_else(|| panic!("line {}: no number `{name}`", self.line))
    }

    pub fn count(&self, name: &str) -> u32 {
        self.number(name) as u32
    }

    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let list = self.params[name].as_array().expect("a list");
        list.iter().map(|value| value.as_f64().expect("a number")).collect()
    }
}

pub fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(&include_bytes!("oracles.csv")[..]);
    let row = |(i, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.expect("a row");
        let params = serde_json::from_str(&record[1]).expect("parameters");
        Row {
            line: i + 2,
            model: record[0].into(),
            params,
            measure: record[2].into(),
            value: record[3].into(),
            source: record[4].into(),
        }
    };
    reader.records().enumerate().map(row).collect()
}

/// Families that are not about us: what they test is the output of two generators of random numbers, and ours is another
/// (PCG64-MCG, whose own test vectors stand beside it).
const NOT_OURS: [&str; 2] = ["RNG_Philox4x32-10", "RNG_xoshiro256++"];

#[test]
fn every_row_of_the_oracles_is_met() {
    let mut n_designs: Vec<(Value, NDesignFigures)> = Vec::new();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for row in rows().iter().filter(|row| !NOT_OURS.contains(&row.model.as_str())) {
        if row.model == "N-design" && !n_designs.iter().any(|(params, _)| *params == row.params) {
            n_designs.push((row.params.clone(), n_design(row)));
        }
        let Some(ours) = answer(row, &n_designs) else {
            wrong.push(format!("line {}: no formula for {} {} {}", row.line, row.model, row.measure, row.params));
            continue;
        };
        checked += 1;
        for (ours, printed) in ours.iter().zip(row.value.split(',')) {
            let theirs: f64 = printed.parse().expect("a number");
            let off = (ours - theirs).abs();
            // Not a number is wrong, too.
            if off.is_nan() || off > tolerance(row, printed, theirs) {
                wrong.push(format!("line {}: {} {}: {ours}, not {theirs}", row.line, row.model, row.measure));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 400, "only {checked} rows were checked");
}

/// Centres far larger, emptier and fuller than those of the table, against an evaluation with forty digits.
#[test]
fn impatience_is_exact_far_outside_the_table_too() {
    let cases = [
        (
            (100.0, 6000, 20.0),
            [0.5520524583839405, 0.004_629_981_975_545_963, 3.369_223_813_738_202e-92, 3.367_354_451_275_153e-92],
        ),
        ((100.0, 5900, 2.0), [0.9477130776158915, 0.016986293368716047, 0.30107914068186164, 0.29903605385734003]),
        (
            (3.0, 500, 20.0),
            [3.716_643_372_168_489e-85, 7.709015643330505e-88, 2.574553574635319e-134, 2.569_746_770_610_76e-134],
        ),
        ((100.0, 100, 20.0), [1.0, 0.9833333333333333, 0.800737402916808, 0.016666666666666667]),
    ];
    for ((arrivals, agents, time), theirs) in cases {
        let line = Line { arrivals, handle_mean: 60.0, agents, patience_mean: Some(90.0), capacity: None, balk: 0.0 };
        let queue = Impatient::new(line).expect("stable");
        let ours = [queue.p_delay(), queue.p_abandon(), queue.p_wait_over(time), queue.p_answered_after(time)];
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            assert!((ours / theirs - 1.0).abs() < 1e-10, "{arrivals} {agents}: {ours}, not {theirs}");
        }
    }
}

/// Rows that were evaluated by formula are printed to ten digits, less zeros at the end; others to the last digit shown.
fn tolerance(row: &Row, printed: &str, value: f64) -> f64 {
    match row.source.starts_with("formula") && row.model != "binomial_ci" {
        true => 1e-9 * value.abs(),
        false => 0.501 * last_digit(printed),
    }
}

/// What one unit of the last printed digit is worth.
fn last_digit(printed: &str) -> f64 {
    let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
    let after_point = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len());
    let exponent: f64 = exponent.parse().expect("an exponent");
    10_f64.powf(exponent - after_point as f64)
}

/// Our own value for a row; `None` when there is none.
pub fn answer(row: &Row, n_designs: &[(Value, NDesignFigures)]) -> Option<Vec<f64>> {
    let one = match row.model.as_str() {
        "ErlangB" => (row.measure == "blocking").then(|| theory::erlang_b(row.number("A"), row.count("n"))),
        "ErlangC" => erlang_c(row),
        "ErlangA" | "MMnK+M" => impatient(row),
        "MMn+G" => any_patience(row),
        "MDn" => (row.measure == "mean_wait").then(|| {
            theory::constant_handling_wait(row.number("lam"), row.number("service"), row.count("n")).expect("stable")
        }),
        "MG1" => (row.measure == "mean_wait").then(|| {
            theory::single_agent_wait(row.number("lam"), row.number("mean"), row.number("scv")).expect("stable")
        }),
        "MMn_nonpreemptive_priority" => priority(row),
        "HalfinWhitt" => match row.measure.as_str() {
            "p_wait" => theory::limits::halfin_whitt_delay(row.number("beta")).ok(),
            "beta" => theory::limits::halfin_whitt_beta(row.number("p_wait")).ok(),
            _ => None,
        },
        "Garnett_QED" => (row.measure == "p_wait")
            .then(|| theory::limits::garnett_delay(row.number("beta"), row.number("theta_over_mu")).expect("in range")),
        "N-design" => {
            n_designs.iter().find(|known| known.0 == row.params).and_then(|(_, figures)| of_n_design(row, figures))
        }
        "MtMinf_sinusoid" => (row.measure == "mean_busy").then(|| {
            let number = |name| row.number(name);
            let (mean, service) = (number("lam_bar"), number("mean_service"));
            let day = Sinusoid::new(mean, number("amplitude"), number("period"), service).expect("in range");
            day.mean_busy(number("t"))
        }),
        "PoissonGamma_counts" => day_factor(row),
        "student_t_quantile" => {
            (row.measure == "t").then(|| stats::student_t(2.0 * row.number("p") - 1.0, row.number("df")))
        }
        "binomial_ci" if row.params["method"] == "Wilson" => {
            let number = |name| row.number(name);
            let share = stats::wilson(number("successes") as u64, number("n") as u64, number("level"));
            return Some(vec![share.low?, share.high?]);
        }
        _ => None,
    };
    one.map(|value| vec![value])
}

fn erlang_c(row: &Row) -> Option<f64> {
    let number = |name| row.number(name);
    if row.measure == "min_agents" {
        let arrivals = number("calls_per_30min") / 1800.0;
        let traffic = Traffic { arrivals, handle_mean: number("aht"), patience_mean: None };
        let target = Target::ServiceLevel { share: number("target"), within: number("T") };
        return theory::agents_needed(Formula::C, &traffic, &target).ok().map(|need| f64::from(need.agents));
    }
    let queue = match row.params.get("aht_min") {
        Some(_) => ErlangC::new(number("lam_per_min") / 60.0, number("aht_min") * 60.0, row.count("n")),
        None => ErlangC::new(number("lam"), number("aht"), row.count("n")),
    }
    .expect("stable");
    Some(match row.measure.as_str() {
        "p_wait" => queue.p_wait(),
        "asa" | "asa_s" | "mean_wait_s" => queue.asa(),
        "asa_delayed" => queue.asa_delayed(),
        "lq" | "mean_queue" => queue.queue(),
        "occupancy" | "utilisation" => queue.occupancy(),
        "service_level" => queue.service_level(number("T")),
        "p_wait_gt_T" => queue.p_wait_over(number("T")),
        "wait_p90" | "wait_p90_s" => queue.wait_quantile(0.9),
        "var_wait" => queue.wait_variance(),
        _ => return None,
    })
}

/// The line of a row, in seconds: three sources name its parameters in three ways.
pub fn line(row: &Row) -> Line {
    let number = |name| row.number(name);
    let has = |name| row.params.get(name).is_some();
    let plain = Line {
        arrivals: 1.0,
        handle_mean: 1.0,
        agents: row.count("n"),
        patience_mean: None,
        capacity: row.params["capacity_total"].as_u64().map(|lines| lines as u32),
        balk: row.params["balk"].as_f64().unwrap_or(0.0),
    };
    if !has("aht_min") {
        let patience_mean = Some(number("patience_mean"));
        return Line { arrivals: number("lam"), handle_mean: number("aht"), patience_mean, ..plain };
    }
    let arrivals = match has("transactions") {
        true => number("transactions") / number("interval_min") / 60.0,
        false => number("lam_per_min") / 60.0,
    };
    let patience_mean = Some(number("patience_min") * 60.0);
    let capacity = has("lines").then(|| row.count("lines"));
    Line { arrivals, handle_mean: number("aht_min") * 60.0, patience_mean, capacity, ..plain }
}

fn impatient(row: &Row) -> Option<f64> {
    let queue = Impatient::new(line(row)).expect("stable");
    let time = row.params.get("T").or(row.params.get("target_wait_s")).and_then(Value::as_f64).unwrap_or(f64::NAN);
    // Who balks left without a wait: a short abandon too.
    let short = || queue.p_balk() + queue.p_abandon_within(time);
    Some(match row.measure.as_str() {
        "p_delay" | "waiting_probability" => queue.p_delay(),
        "p_block" => queue.p_block(),
        "p_balk" => queue.p_balk(),
        "p_abandon" | "abandonment_probability" => queue.p_abandon(),
        "p_abandon_queue" => queue.p_abandon_waiting(),
        "lq" => queue.queue(),
        "mean_wait" | "mean_wait_s" => queue.mean_wait(),
        "average_speed_of_answer_min (all callers)" => queue.mean_wait() / 60.0,
        "occupancy" => queue.occupancy(),
        "p_wait_gt_T" => queue.p_wait_over(time),
        "p_abandon_within_T" => queue.p_abandon_within(time),
        "p_served_within_T" | "sl_served_over_all" => queue.p_answered_within(time),
        "service_level" => queue.p_answered_within(time),
        "sl_answered_only" => queue.p_answered_within(time) / queue.p_answered(),
        "sl_excl_short_abandons" => queue.p_answered_within(time) / (1.0 - short()),
        "sl_served_plus_short_abandons" => queue.p_answered_within(time) + short(),
        "asa_served" => queue.asa(),
        "mean_wait_abandoned" => queue.mean_wait_abandoned()?,
        _ => return None,
    })
}

pub fn patience(row: &Row) -> Patience {
    let number = |name: &str| row.params["patience_params"][name].as_f64().expect("a number");
    match row.params["patience"].as_str().expect("a name") {
        "exponential" => Patience::Exponential { mean: number("mean") },
        "uniform" => Patience::Uniform { from: number("a"), to: number("b") },
        "deterministic" => Patience::Deterministic(number("value")),
        "weibull" => Patience::Weibull { scale: number("scale"), shape: number("shape") },
        "lognormal" => Patience::Lognormal { mean_log: number("mu_log"), sd_log: number("sigma_log") },
        "hyperexponential" => Patience::Mixture(vec![
            (number("p"), Patience::Exponential { mean: number("mean1") }),
            (1.0 - number("p"), Patience::Exponential { mean: number("mean2") }),
        ]),
        "zero-or-exponential" => Patience::Mixture(vec![
            (number("p0"), Patience::Deterministic(0.0)),
            (1.0 - number("p0"), Patience::Exponential { mean: number("mean") }),
        ]),
        other => panic!("line {}: patience `{other}` is unknown", row.line),
    }
}

fn any_patience(row: &Row) -> Option<f64> {
    let number = |name| row.number(name);
    let queue = AnyPatience::new(number("lam"), number("aht"), row.count("n"), patience(row)).expect("stable");
    Some(match row.measure.as_str() {
        "p_offered_wait" => queue.p_delay(),
        "p_wait" => queue.p_wait(),
        "p_abandon" => queue.p_abandon(),
        "mean_wait" => queue.mean_wait(),
        "mean_offered_wait" => queue.mean_offered_wait(),
        "lq" => queue.queue(),
        "occupancy" => queue.occupancy(),
        "p_wait_gt_T" => queue.p_wait_over(number("T")),
        _ => return None,
    })
}

fn priority(row: &Row) -> Option<f64> {
    let class: usize = row.measure.strip_prefix("mean_wait_class")?.parse().ok()?;
    let waits = theory::priority_waits(&row.numbers("lam"), 1.0 / row.number("mu"), row.count("n")).expect("stable");
    waits.get(class - 1).copied()
}

pub fn n_design(row: &Row) -> NDesignFigures {
    let number = |name| row.number(name);
    let pool_2_takes_first = match row.params["pool2_takes_first"].as_str() {
        Some("A") => Class::A,
        Some("B") => Class::B,
        other => panic!("line {}: pool 2 takes {other:?} first", row.line),
    };
    let design = NDesign {
        arrivals: [number("lamA"), number("lamB")],
        handle_mean: 1.0 / number("mu"),
        agents: [row.count("n1"), row.count("n2")],
        patience_mean: [1.0 / number("thetaA"), 1.0 / number("thetaB")],
        pool_2_takes_first,
    };
    design.solve().expect("in range")
}

fn of_n_design(row: &Row, figures: &NDesignFigures) -> Option<f64> {
    let (what, which) = row.measure.rsplit_once('_')?;
    let pair = match what {
        "p_abandon" => figures.p_abandon,
        "mean_wait" => figures.mean_wait,
        "p_delay" => figures.p_delay,
        "occupancy" => figures.occupancy,
        _ => return None,
    };
    match which {
        "A" | "pool1" => Some(pair[0]),
        "B" | "pool2" => Some(pair[1]),
        _ => None,
    }
}

fn day_factor(row: &Row) -> Option<f64> {
    let days = DayFactor::new(row.number("mean"), row.number("gamma_alpha0")).expect("in range");
    Some(match row.measure.as_str() {
        "variance" => days.variance(),
        "sd" => days.variance().sqrt(),
        "corr_between_two_equal_halves" => days.correlation_of_halves(),
        "p95_count" => days.quantile(0.95).expect("in range") as f64,
        _ => return None,
    })
}
