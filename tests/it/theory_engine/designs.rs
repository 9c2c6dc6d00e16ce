//! Several queues, and demand that varies: priorities, the N-design, the infinite-server queue of a sinusoidal day, days
//! with a gamma factor.

use std::{collections::BTreeMap, sync::Arc};

use hatif::{
    scenario::{Scenario, Shelf},
    stats::Fraction,
};
use statrs::distribution::{DiscreteCDF, NegativeBinomial};

use super::{
    queues::{exact, groups},
    trial::{Kind, Question, Seen, Trial, measured, set, time},
};
use crate::theory::{Row, answer, n_design};

/// A unit of time of these models, in seconds.
const UNIT: f64 = 100.0;

/// Two or three kinds of callers, each with a queue of its own that she chooses in a menu.
struct Kinds {
    /// For each kind: arrivals and mean patience in units (0: never gives up), and the priority of its queue.
    callers: Vec<(f64, f64, i32)>,
    /// For each group of agents: how many, and of which kinds they take calls.
    groups: Vec<(u32, Vec<usize>)>,
    talk: f64,
    strategy: &'static str,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

impl Kinds {
    fn centre(&self) -> String {
        let names: Vec<String> = NAMES[..self.callers.len()].iter().map(|name| format!("{name:?}")).collect();
        let names = names.join(",");
        let mut text = format!(
            "[centre]\nname=\"kinds\"\nzone=\"UTC\"\nentry=\"main.start\"\ndefault_language=\"en\"\nintents=[{names}]\n\
             [languages]\nen={{}}\n[no_input]\ntries=3\nthen=\"main.lost\"\n[no_match]\ntries=3\nthen=\"main.lost\"\n\
             [error]\nthen=\"main.lost\"\n[skills]\nnames=[{names}]\n"
        );
        for (name, (_, _, priority)) in NAMES.iter().zip(&self.callers) {
            text += &format!(
                "[queue.{name}]\nskills={{{name}=1}}\npriority={priority}\nstrategy=\"{}\"\n\
                 handling={{mean=\"300s\",sigma=0,after_call_share=0,case_share=0}}\n",
                self.strategy
            );
        }
        for (i, (size, takes)) in self.groups.iter().enumerate() {
            let skills: Vec<String> = takes.iter().map(|kind| format!("{}=5", NAMES[*kind])).collect();
            text += &format!(
                "[group.pool{}]\nsize={size}\nskills={{{}}}\nlanguages=[\"en\"]\nanswer_after=\"0s\"\nno_answer_share=0\n",
                i + 1,
                skills.join(",")
            );
        }
        text
    }

    fn flow(&self) -> String {
        let names = &NAMES[..self.callers.len()];
        let choice = |(i, name): (usize, &&str)| format!("{}={{to=\"{name}\",serves={name:?}}}", i + 1);
        let choices: Vec<String> = names.iter().enumerate().map(choice).collect();
        let mut text = format!("[node.start]\nkind=\"menu\"\nprompt=\"which\"\nchoices={{{}}}\n", choices.join(","));
        for name in names {
            text += &format!(
                "[node.{name}]\nkind=\"queue\"\nqueue={name:?}\nanswered=\"served\"\nfull=\"lost\"\nclosed=\"lost\"\n\
                 timeout=\"lost\"\n"
            );
        }
        text + "[node.served]\nkind=\"end\"\noutcome=\"transferred\"\n[node.lost]\nkind=\"end\"\noutcome=\"failed\"\n"
    }

    fn scenario(&self, warm_up: f64, seconds: f64) -> Scenario {
        let mut text = format!(
            "title=\"kinds\"\ncentre=\"centre\"\nbegins=2022-05-17T00:00:00\nfinish=\"24h\"\n{}\n",
            measured(warm_up, seconds).join("\n")
        );
        for (name, (rate, patience, _)) in NAMES.iter().zip(&self.callers) {
            let stays = match *patience > 0.0 {
                true => format!("{{exponential={}}}", time(patience * UNIT)),
                false => "\"never\"".to_owned(),
            };
            text += &format!(
                "[demand.{name}]\ncallers=\"outside\"\nrate={{calls={:?},per=\"1h\"}}\nintents={{{name}=1}}\n\
                 personas={{{name}=1}}\n[persona.{name}]\nhesitation=\"0s\"\npatience={stays}\n\
                 [handling.{name}]\ntalk={{exponential={}}}\nafter_call=\"0s\"\n",
                rate * 3600.0 / UNIT,
                time(self.talk * UNIT)
            );
        }
        let files = [
            ("s.toml", text),
            ("centre/centre.toml", self.centre()),
            ("centre/flows/main.toml", self.flow()),
            ("centre/prompts/en.ftl", "which = Which?\n".to_owned()),
        ];
        let files: BTreeMap<String, String> = files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
        Scenario::read(&Shelf::Given(Arc::new(files)), "s.toml", &[], None)
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
    }

    fn rate(&self) -> f64 {
        self.callers.iter().map(|(rate, ..)| rate).sum::<f64>() / UNIT
    }
}

pub fn priorities(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let rates = row.numbers("lam");
        let kinds = Kinds {
            callers: rates.iter().zip([2, 1, 0]).map(|(rate, priority)| (*rate, 0.0, priority)).collect(),
            groups: vec![(row.count("n"), (0..rates.len()).collect())],
            talk: 1.0 / row.number("mu"),
            strategy: "longest_idle",
        };
        let question = |row: &Row| {
            let class: usize = row.measure.trim_start_matches("mean_wait_class").parse().expect("a number");
            let of = move |s: &Seen| {
                let queue = &s.queues[class - 1];
                Fraction { num: queue.waited() as f64 / 1e6, den: queue.queued() as f64 }
            };
            Question { measure: row.measure.clone(), exact: exact(row) * UNIT, of: Box::new(of), kind: Kind::Wait }
        };
        let load = rates.iter().sum::<f64>() * kinds.talk / row.number("n");
        let memory = UNIT * kinds.talk / (1.0 - libm::sqrt(load)).powi(2);
        Trial {
            family: "MMn_nonpreemptive_priority",
            params: row.params.to_string(),
            rate: kinds.rate(),
            short: true,
            questions: group.iter().map(question).collect(),
            scenario: Box::new(move |seconds| kinds.scenario(10.0 * memory, seconds)),
        }
    };
    groups("MMn_nonpreemptive_priority", rows).into_iter().map(trial).collect()
}

/// Calls of A look for an agent in pool 1 first; who is freed in pool 2 takes a call of A before one of B.
pub fn n_designs(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let number = |name| row.number(name);
        assert_eq!(row.params["pool2_takes_first"], "A", "the oracles have no other");
        let kinds = Kinds {
            callers: vec![(number("lamA"), 1.0 / number("thetaA"), 1), (number("lamB"), 1.0 / number("thetaB"), 0)],
            groups: vec![(row.count("n1"), vec![0]), (row.count("n2"), vec![0, 1])],
            talk: 1.0 / number("mu"),
            strategy: "top_down",
        };
        let known = [(row.params.clone(), n_design(row))];
        let patience = f64::max(1.0 / number("thetaA"), 1.0 / number("thetaB"));
        let memory = UNIT * f64::max(kinds.talk, patience);
        let questions = group.iter().filter_map(|row| of_n_design(row, answer(row, &known)?[0])).collect();
        Trial {
            family: "N-design",
            params: row.params.to_string(),
            rate: kinds.rate(),
            short: true,
            questions,
            scenario: Box::new(move |seconds| kinds.scenario(12.0 * memory, seconds)),
        }
    };
    groups("N-design", rows).into_iter().map(trial).collect()
}

fn of_n_design(row: &Row, exact: f64) -> Option<Question> {
    let (what, which) = row.measure.rsplit_once('_')?;
    let place = usize::from(which == "B" || which == "pool2");
    let (kind, scale, of): (Kind, f64, Box<dyn Fn(&Seen) -> Fraction>) = match what {
        "p_abandon" => (
            Kind::Share,
            1.0,
            Box::new(move |s: &Seen| {
                let queue = &s.queues[place];
                Fraction { num: queue.abandoned() as f64, den: queue.queued() as f64 }
            }),
        ),
        "mean_wait" => (
            Kind::Wait,
            UNIT,
            Box::new(move |s: &Seen| {
                let queue = &s.queues[place];
                Fraction { num: queue.waited() as f64 / 1e6, den: queue.queued() as f64 }
            }),
        ),
        "p_delay" => (
            Kind::Share,
            1.0,
            Box::new(move |s: &Seen| {
                let line = &s.lines[place];
                Fraction { num: (line.ended - line.at_once) as f64, den: line.ended as f64 }
            }),
        ),
        "occupancy" => (
            Kind::Mean,
            1.0,
            Box::new(move |s: &Seen| {
                let pool = &s.pools[place];
                Fraction { num: pool.talked, den: s.seconds * f64::from(pool.agents) }
            }),
        ),
        _ => return None,
    };
    Some(Question { measure: row.measure.clone(), exact: exact * scale, of, kind })
}

/// More agents than are ever busy. The unit is an hour, and the rate is constant within a minute; it stands a minute late, so
/// that the two minutes after a time of the clock lie around the time asked for.
pub fn sinusoid(rows: Vec<Row>) -> Vec<Trial> {
    const AGENTS: u32 = 1_000;
    let rows = rows.into_iter().filter(|row| row.model == "MtMinf_sinusoid");
    let mut by_service: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match by_service.iter_mut().find(|group| group[0].params["mean_service"] == row.params["mean_service"]) {
            Some(group) => group.push(row),
            None => by_service.push(vec![row]),
        }
    }
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let (mean, amplitude, service) = (row.number("lam_bar"), row.number("amplitude"), row.number("mean_service"));
        let period = row.number("period");
        assert_eq!(period, 24.0, "a day");
        let rate = |minute: u32| {
            let hours = (f64::from(minute) - 0.5) / 60.0;
            (mean + amplitude * libm::sin(std::f64::consts::TAU * hours / period)) / 60.0
        };
        let values: Vec<String> = (0..1440).map(|minute| format!("{:?}", rate(minute))).collect();
        let settings = [
            format!("demand.callers.expected={{every=\"1m\",repeat=true,values=[{}]}}", values.join(",")),
            format!("staffing.total={AGENTS}"),
            format!("handling.help.talk={{exponential={}}}", time(service * 3600.0)),
            "measures.interval=\"2m\"".to_owned(),
            "finish=\"72h\"".to_owned(),
        ];
        let question = |row: &Row| {
            let second = (row.number("t") * 3600.0) as u64;
            let of = move |s: &Seen| {
                let then = |at: u64| (at / 1_000_000) % 86_400 == second;
                let days = s.intervals.iter().filter(|(start, ..)| then(start.as_micros()));
                days.fold(Fraction::default(), |sum, &(_, _, worked, time)| Fraction {
                    num: sum.num + worked,
                    den: sum.den + time,
                })
            };
            let measure = format!("{} at {} h", row.measure, row.number("t"));
            Question { measure, exact: exact(row), of: Box::new(of), kind: Kind::Mean }
        };
        let name = |key: &str| format!("{key:?}:{}", row.params[key]);
        Trial {
            family: "MtMinf_sinusoid",
            params: format!("{{{}}}", ["amplitude", "lam_bar", "mean_service", "period"].map(name).join(",")),
            rate: mean / 3600.0,
            short: true,
            questions: group.iter().map(question).collect(),
            scenario: Box::new(move |seconds| {
                // Whole days, and as many before them as it takes to forget.
                let days = libm::ceil(seconds / 86_400.0);
                let before = libm::ceil(12.0 * service / 24.0);
                let mut settings = settings.to_vec();
                settings.extend(measured(before * 86_400.0, days * 86_400.0));
                set("erlang_c", &settings)
            }),
        }
    };
    by_service.into_iter().map(trial).collect()
}

/// Calls of whole days.
pub fn day_factor(rows: Vec<Row>) -> Vec<Trial> {
    let trial = |group: Vec<Row>| {
        let row = &group[0];
        let (mean, shape) = (row.number("mean"), row.number("gamma_alpha0"));
        let settings = [
            format!("demand.callers.calls={mean:?}"),
            format!("demand.callers.day_cv={:?}", 1.0 / libm::sqrt(shape)),
            "staffing.total=40".to_owned(),
            "handling.help.talk=\"60s\"".to_owned(),
            "measures.interval=\"12h\"".to_owned(),
        ];
        Trial {
            family: "PoissonGamma_counts",
            params: row.params.to_string(),
            rate: mean / 86_400.0,
            short: true,
            questions: group.iter().filter_map(|row| of_days(row, mean, shape)).collect(),
            scenario: Box::new(move |seconds| {
                let days = libm::ceil(seconds / 86_400.0);
                let mut settings = settings.to_vec();
                settings.extend(measured(0.0, days * 86_400.0));
                set("erlang_c", &settings)
            }),
        }
    };
    groups("PoissonGamma_counts", rows).into_iter().map(trial).collect()
}

fn of_days(row: &Row, mean: f64, shape: f64) -> Option<Question> {
    let exact = exact(row);
    // Intervals without time are those of calls that end after the last day.
    let halves = |s: &Seen| -> Vec<f64> {
        s.intervals.iter().filter(|(.., time)| *time > 0.0).map(|&(_, calls, ..)| calls as f64).collect()
    };
    let days = move |s: &Seen, f: &dyn Fn(f64, f64) -> (f64, f64)| {
        let pairs = halves(s);
        pairs
            .chunks_exact(2)
            .map(|day| f(day[0], day[1]))
            .fold(Fraction::default(), |sum, (num, den)| Fraction { num: sum.num + num, den: sum.den + den })
    };
    let squares = move |s: &Seen| days(s, &|a, b| ((a + b - mean) * (a + b - mean), 1.0));
    let (measure, exact, kind, of): (String, f64, Kind, Box<dyn Fn(&Seen) -> Fraction>) = match row.measure.as_str() {
        "variance" => ("variance".into(), exact, Kind::Mean, Box::new(squares)),
        "sd" => ("sd".into(), exact, Kind::Root, Box::new(squares)),
        "corr_between_two_equal_halves" => {
            let of = move |s: &Seen| {
                days(s, &|a, b| {
                    let (a, b) = (a - mean / 2.0, b - mean / 2.0);
                    (a * b, (a * a + b * b) / 2.0)
                })
            };
            (row.measure.clone(), exact, Kind::Mean, Box::new(of))
        }
        "p95_count" => {
            let law = NegativeBinomial::new(shape, shape / (shape + mean)).expect("in range");
            let of = move |s: &Seen| days(s, &|a, b| (f64::from(a + b <= exact), 1.0));
            (format!("p95_count (share of days up to {exact})"), law.cdf(exact as u64), Kind::Mean, Box::new(of))
        }
        _ => return None,
    };
    Some(Question { measure, exact, of, kind })
}
