//! One queue and one kind of agent: Erlang B, C and A, M/M/n/K+M with balking, M/M/n+G, M/D/n, M/G/1.

use hatif::{
    stats::Fraction,
    theory::{AnyPatience, Impatient, Line, Patience},
};

use super::trial::{Kind, Question, Seen, Trial, measured, set, time};
use crate::theory::{Row, answer, line, patience};

/// The rows of a family, one group for each set of parameters.
pub fn groups(model: &str, rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows.into_iter().filter(|row| row.model == model) {
        match groups.iter_mut().find(|group| group[0].params == row.params) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// What theory says of a row: as printed where it was printed to ten digits, else by the formula that agrees with it.
pub fn exact(row: &Row) -> f64 {
    match row.source.starts_with("formula") {
        true => row.value.parse().expect("a number"),
        false => answer(row, &[]).expect("a formula")[0],
    }
}

fn fraction(num: f64, den: u64) -> Fraction {
    Fraction { num, den: den as f64 }
}

/// A measure of the oracles by what a replication shows; `None`: no replication shows it.
fn of(measure: &str) -> Option<(Kind, fn(&Seen) -> Fraction)> {
    const S: f64 = 1e-6;
    // Shares are of all who came, blocked ones too; `balked` are those who left without any wait.
    Some(match measure {
        "blocking" | "p_abandon" | "abandonment_probability" => {
            (Kind::Share, |s| fraction(s.calls.abandoned() as f64, s.calls.sought()))
        }
        "p_block" => (Kind::Share, |s| fraction(s.calls.blocked() as f64, s.calls.sought())),
        "p_balk" => (Kind::Share, |s| fraction(s.calls.abandoned_short() as f64, s.calls.sought())),
        "p_abandon_queue" => {
            (Kind::Share, |s| fraction((s.calls.abandoned() - s.calls.abandoned_short()) as f64, s.calls.sought()))
        }
        "p_abandon_within_T" => (Kind::Share, |s| {
            let within = s.calls.abandoned() - s.calls.abandoned_short() - s.calls.abandoned_late();
            fraction(within as f64, s.calls.sought())
        }),
        // Who finds no free agent (but a free line) waits, or balks.
        "p_delay" | "waiting_probability" | "p_offered_wait" => (Kind::Share, |s| {
            let line = s.line();
            let blocked = s.calls.blocked() as f64 / s.calls.sought() as f64;
            fraction((line.ended - line.at_once) as f64 * (1.0 - blocked), line.ended)
        }),
        "p_wait" => (Kind::Share, |s| {
            let line = s.line();
            fraction((line.ended - line.at_once - line.balked) as f64, line.ended)
        }),
        "p_wait_gt_T" => (Kind::Share, |s| {
            let late = s.calls.answered() - s.calls.answered_in_time() + s.calls.abandoned_late();
            fraction(late as f64, s.calls.sought())
        }),
        "p_served_within_T" | "sl_served_over_all" | "service_level" => {
            (Kind::Share, |s| fraction(s.calls.answered_in_time() as f64, s.calls.sought()))
        }
        "sl_answered_only" => (Kind::Share, |s| fraction(s.calls.answered_in_time() as f64, s.calls.answered())),
        "sl_excl_short_abandons" => (Kind::Share, |s| {
            let short = s.calls.abandoned() - s.calls.abandoned_late();
            fraction(s.calls.answered_in_time() as f64, s.calls.sought() - short)
        }),
        "sl_served_plus_short_abandons" => (Kind::Share, |s| {
            let short = s.calls.abandoned() - s.calls.abandoned_late();
            fraction((s.calls.answered_in_time() + short) as f64, s.calls.sought())
        }),
        "asa" | "asa_s" | "asa_served" => {
            (Kind::Wait, |s| fraction(s.calls.wait_answered() as f64 * S, s.calls.answered()))
        }
        "asa_delayed" => (Kind::Wait, |s| {
            let line = s.line();
            fraction(line.answered, line.ended - line.at_once)
        }),
        "mean_wait" | "mean_wait_s" => (Kind::Wait, |s| fraction(s.calls.waited() as f64 * S, s.calls.sought())),
        "average_speed_of_answer_min (all callers)" => {
            (Kind::Wait, |s| fraction(s.calls.waited() as f64 * S / 60.0, s.calls.sought()))
        }
        "mean_wait_abandoned" => (Kind::Wait, |s| fraction(s.calls.wait_abandoned() as f64 * S, s.calls.abandoned())),
        "lq" | "mean_queue" => (Kind::Mean, |s| Fraction { num: s.waiting, den: s.seconds }),
        "occupancy" | "utilisation" => {
            (Kind::Mean, |s| fraction(s.staff.agent_work() as f64, s.staff.agent_work() + s.staff.agent_ready()))
        }
        "var_wait" => (Kind::Mean, |s| fraction(s.line().squares, s.line().ended)),
        _ => return None,
    })
}

/// The question a row asks; `None`: no replication can answer it.
fn question(row: &Row, scale: f64) -> Option<Question> {
    let exact = exact(row);
    if let "wait_p90" | "wait_p90_s" = row.measure.as_str() {
        return Some(Question {
            measure: format!("{} (share within {exact:.6} s)", row.measure),
            exact: 0.9,
            of: Box::new(|s| fraction((s.line().ended - s.line().over) as f64, s.line().ended)),
            kind: Kind::Share,
        });
    }
    let (kind, of) = of(&row.measure)?;
    Some(Question { measure: row.measure.clone(), exact: exact * scale, of: Box::new(of), kind })
}

/// One queue with its callers and agents, in seconds.
struct Desk {
    arrivals: f64,
    talk_mean: f64,
    talk: String,
    agents: u32,
    patience: String,
    /// How long it takes to forget, in seconds.
    memory: f64,
    threshold: f64,
    settings: Vec<String>,
}

impl Desk {
    fn load(&self) -> f64 {
        self.arrivals * self.talk_mean / f64::from(self.agents)
    }

    fn trial(self, family: &'static str, group: &[Row], scale: f64) -> Trial {
        let mut settings = vec![
            format!("demand.callers.rate={{calls={:?},per=\"1h\"}}", self.arrivals * 3600.0),
            format!("staffing.total={}", self.agents),
            format!("handling.help.talk={}", self.talk),
            format!("patience={}", self.patience),
            format!("measures.threshold={}", time(self.threshold)),
            "measures.short_abandon=\"1us\"".to_owned(),
        ];
        // Waits of minutes at most end within the two hours a run may go on, unless nobody gives up.
        settings.push("finish=\"24h\"".to_owned());
        settings.extend(self.settings.iter().cloned());
        let warm_up = 12.0 * self.memory;
        let patient = self.patience.contains("never");
        Trial {
            family,
            params: group[0].params.to_string(),
            scenario: Box::new(move |seconds| {
                let mut settings = settings.clone();
                settings.extend(measured(warm_up, seconds));
                set("erlang_c", &settings)
            }),
            rate: self.arrivals,
            short: self.agents <= 120 && !(patient && self.load() > 0.85),
            questions: group.iter().filter_map(|row| question(row, scale)).collect(),
        }
    }
}

/// How long an M/M/n queue without impatience remembers: its relaxation time, in the limit of much traffic.
fn memory(talk: f64, agents: u32, load: f64) -> f64 {
    talk * f64::max(1.0, 1.0 / (f64::from(agents) * (1.0 - libm::sqrt(load)).powi(2)))
}

fn exponential(mean: f64) -> String {
    format!("{{exponential={}}}", time(mean))
}

pub fn erlang_b(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let (load, agents) = (group[0].number("A"), group[0].count("n"));
        let (talk_mean, talk) = (180.0, exponential(180.0));
        let desk = Desk {
            arrivals: load / talk_mean,
            talk_mean,
            talk,
            agents,
            patience: "\"0s\"".into(),
            memory: talk_mean,
            threshold: 20.0,
            settings: vec![],
        };
        desk.trial("ErlangB", &group, 1.0)
    };
    groups("ErlangB", rows).into_iter().map(trial).collect()
}

/// Erlang C, A and M/M/n/K+M, whose rows name their parameters alike.
pub fn lines(family: &'static str, rows: Vec<Row>) -> Vec<Trial> {
    // One row asks for the number of agents a target needs: no run shows that, but a search by the formula.
    let rows = rows.into_iter().filter(|row| row.measure != "min_agents").collect();
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let line = match family {
            "ErlangC" => patient(row),
            _ => line(row),
        };
        let Line { arrivals, handle_mean, agents, patience_mean, capacity, balk } = line;
        let memory = match patience_mean {
            Some(patience) => f64::max(handle_mean, patience),
            None => memory(handle_mean, agents, arrivals * handle_mean / f64::from(agents)),
        };
        let stays = patience_mean.map_or("\"never\"".to_owned(), exponential);
        let patience = match balk > 0.0 {
            true => format!("{{mixture=[{{share={balk:?},of=\"0s\"}},{{share={:?},of={stays}}}]}}", 1.0 - balk),
            false => stays,
        };
        let room = capacity.filter(|lines| *lines > agents);
        let settings = room.map(|lines| format!("centre.queue.help.max_length={}", lines - agents));
        let threshold = row.params.get("T").or(row.params.get("target_wait_s")).and_then(serde_json::Value::as_f64);
        let desk = Desk {
            arrivals,
            talk_mean: handle_mean,
            talk: exponential(handle_mean),
            agents,
            patience,
            memory,
            threshold: threshold.unwrap_or(20.0),
            settings: settings.into_iter().collect(),
        };
        desk.trial(family, &group, 1.0)
    };
    groups(family, rows).into_iter().map(trial).collect()
}

fn patient(row: &Row) -> Line {
    let (arrivals, handle_mean) = match row.params.get("aht_min") {
        Some(_) => (row.number("lam_per_min") / 60.0, row.number("aht_min") * 60.0),
        None => (row.number("lam"), row.number("aht")),
    };
    Line { arrivals, handle_mean, agents: row.count("n"), patience_mean: None, capacity: None, balk: 0.0 }
}

fn mean(patience: &Patience) -> f64 {
    match patience {
        Patience::Exponential { mean } => *mean,
        Patience::Uniform { from, to } => (from + to) / 2.0,
        Patience::Deterministic(value) => *value,
        Patience::Weibull { scale, shape } => scale * libm::tgamma(1.0 + 1.0 / shape),
        Patience::Lognormal { mean_log, sd_log } => libm::exp(mean_log + sd_log * sd_log / 2.0),
        Patience::Mixture(parts) => parts.iter().map(|(share, of)| share * mean(of)).sum(),
        other => panic!("{other:?} is in no oracle"),
    }
}

/// A patience of the oracles as scenarios write it.
fn written(patience: &Patience) -> String {
    let mean = mean(patience);
    match patience {
        Patience::Exponential { mean } => exponential(*mean),
        Patience::Uniform { from, to } => format!("{{uniform=[{},{}]}}", time(*from), time(*to)),
        Patience::Deterministic(value) => time(*value),
        Patience::Weibull { shape, .. } => format!("{{weibull={{mean={},shape={shape:?}}}}}", time(mean)),
        Patience::Lognormal { sd_log, .. } => format!("{{lognormal={{mean={},sigma={sd_log:?}}}}}", time(mean)),
        Patience::Mixture(parts) => {
            let part = |(share, of): &(f64, Patience)| format!("{{share={share:?},of={}}}", written(of));
            format!("{{mixture=[{}]}}", parts.iter().map(part).collect::<Vec<_>>().join(","))
        }
        other => panic!("{other:?} is in no oracle"),
    }
}

pub fn any_patience(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let patience = patience(row);
        let (arrivals, talk_mean, agents) = (row.number("lam"), row.number("aht"), row.count("n"));
        // The queue is in the oracles, so that it is stable.
        AnyPatience::new(arrivals, talk_mean, agents, patience.clone()).expect("stable");
        let desk = Desk {
            arrivals,
            talk_mean,
            talk: exponential(talk_mean),
            agents,
            patience: written(&patience),
            memory: f64::max(talk_mean, mean(&patience)),
            threshold: row.number("T"),
            settings: vec![],
        };
        desk.trial("MMn+G", &group, 1.0)
    };
    groups("MMn+G", rows).into_iter().map(trial).collect()
}

/// A unit of time of the models that have none, in seconds.
const UNIT: f64 = 100.0;

pub fn constant_talk(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let talk = time(row.number("service") * UNIT);
        one_talk(&group, "MDn", row.count("n"), row.number("service"), talk, 0.0)
    };
    groups("MDn", rows).into_iter().map(trial).collect()
}

pub fn one_agent(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let (mean, scv) = (row.number("mean"), row.number("scv"));
        let at = time(mean * UNIT);
        let talk = match row.params["service"].as_str() {
            Some("exponential") => exponential(mean * UNIT),
            Some("deterministic") => at,
            Some("erlang4") => format!("{{gamma={{mean={at},cv=0.5}}}}"),
            Some("lognormal") => format!("{{lognormal={{mean={at},cv={:?}}}}}", libm::sqrt(scv)),
            Some("hyperexp") => balanced(mean * UNIT, scv),
            other => panic!("service {other:?} is unknown"),
        };
        one_talk(&group, "MG1", 1, mean, talk, scv)
    };
    groups("MG1", rows).into_iter().map(trial).collect()
}

/// A mixture of two exponentials, each of which makes half of the work.
fn balanced(mean: f64, scv: f64) -> String {
    let share = 0.5 * (1.0 + libm::sqrt((scv - 1.0) / (scv + 1.0)));
    let part = |share: f64| format!("{{share={share:?},of={}}}", exponential(mean / (2.0 * share)));
    format!("{{mixture=[{},{}]}}", part(share), part(1.0 - share))
}

fn one_talk(group: &[Row], family: &'static str, agents: u32, mean: f64, talk: String, scv: f64) -> Trial {
    let (arrivals, talk_mean) = (group[0].number("lam") / UNIT, mean * UNIT);
    let load = arrivals * talk_mean / f64::from(agents);
    let desk = Desk {
        arrivals,
        talk_mean,
        talk,
        agents,
        patience: "\"never\"".into(),
        memory: memory(talk_mean, agents, load) * (1.0 + scv) / 2.0,
        threshold: 20.0,
        settings: vec![],
    };
    desk.trial(family, group, UNIT)
}

/// The limits of many agents, played with a hundred and held against the exact finite queue; the limit itself stands beside.
pub fn limits(rows: Vec<Row>) -> Vec<Trial> {
    const AGENTS: u32 = 100;
    const TALK: f64 = 60.0;
    let trial = |row: Row| {
        let (beta, limit) = match row.measure.as_str() {
            "beta" => (exact(&row), row.number("p_wait")),
            _ => (row.number("beta"), exact(&row)),
        };
        let patience_mean = row.params["theta_over_mu"].as_f64().map(|ratio| TALK / ratio);
        // n = R + β √R.
        let root = (libm::sqrt(beta * beta + 4.0 * f64::from(AGENTS)) - beta) / 2.0;
        let arrivals = root * root / TALK;
        let line = Line { arrivals, handle_mean: TALK, agents: AGENTS, patience_mean, capacity: None, balk: 0.0 };
        let p_wait = Impatient::new(line).expect("stable").p_delay();
        let family = if patience_mean.is_some() { "Garnett_QED" } else { "HalfinWhitt" };
        let desk = Desk {
            arrivals,
            talk_mean: TALK,
            talk: exponential(TALK),
            agents: AGENTS,
            patience: patience_mean.map_or("\"never\"".to_owned(), exponential),
            memory: match patience_mean {
                Some(patience) => f64::max(TALK, patience),
                None => memory(TALK, AGENTS, root * root / f64::from(AGENTS)),
            },
            threshold: 20.0,
            settings: vec![],
        };
        let mut trial = desk.trial(family, &[row], 1.0);
        let (kind, of) = of("p_delay").expect("known");
        let measure = format!("p_wait of {AGENTS} agents (in the limit {limit:.4})");
        trial.questions = vec![Question { measure, exact: p_wait, of: Box::new(of), kind }];
        trial
    };
    let limit = |row: &Row| row.model == "HalfinWhitt" || row.model == "Garnett_QED";
    rows.into_iter().filter(limit).map(trial).collect()
}
