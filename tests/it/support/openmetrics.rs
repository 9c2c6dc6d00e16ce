//! A strict reader of what `/metrics` writes: the OpenMetrics text format, and the rules of naming that Prometheus' own
//! checker has.

use std::collections::{BTreeMap, BTreeSet};

/// A scrape, taken apart.
#[derive(Debug, Default)]
pub struct Scrape {
    /// Type and unit of each family.
    pub families: BTreeMap<String, Family>,
    /// Every sample: its name with its labels as written, and its value.
    pub samples: BTreeMap<String, f64>,
}

/// A family of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    pub kind: String,
    pub help: String,
    pub unit: String,
}

const KINDS: [&str; 4] = ["counter", "gauge", "histogram", "info"];

impl Scrape {
    /// Reads a scrape; anything that is not as it must be fails.
    pub fn read(text: &str) -> Scrape {
        let body = text.strip_suffix("# EOF\n").expect("the last line says that it is the last");
        let mut scrape = Scrape::default();
        let mut current = String::new();
        for line in body.lines() {
            match line.strip_prefix("# ") {
                Some(meta) => scrape.meta(meta, &mut current),
                None => scrape.sample(line, &current),
            }
        }
        scrape.check_histograms();
        scrape
    }

    fn meta(&mut self, meta: &str, current: &mut String) {
        let mut words = meta.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("three words: {meta}")).to_owned();
        let (what, name, rest) = (word(), word(), word());
        assert!(is_name(&name), "{name} is no name");
        if what == "HELP" {
            assert!(!self.families.contains_key(&name), "{name} comes twice");
            self.families.insert(name.clone(), Family { help: rest.clone(), ..Family::default() });
            *current = name.clone();
            assert!(rest.ends_with('.') && rest.len() > 5, "{name} is not explained: {rest}");
        }
        assert_eq!(name, *current, "of another family: {meta}");
        let family = self.families.get_mut(&name).expect("its help came first");
        match &*what {
            "HELP" => {}
            "TYPE" => {
                assert!(KINDS.contains(&&*rest), "{rest} is no type");
                family.kind = rest;
            }
            "UNIT" => {
                assert!(name.ends_with(&format!("_{rest}")), "{name} does not end in its unit {rest}");
                family.unit = rest;
            }
            other => panic!("{other} is no metadata"),
        }
    }

    fn sample(&mut self, line: &str, current: &str) {
        let family = self.families.get(current).unwrap_or_else(|| panic!("a sample without a family: {line}"));
        let end = match line.find('{') {
            Some(open) => open + labels(&line[open..]),
            None => line.find(' ').expect("a space before the value"),
        };
        let (key, value) = (&line[..end], line[end..].strip_prefix(' ').expect("one space"));
        let name = key.split('{').next().expect("a name");
        let suffix = name.strip_prefix(current).unwrap_or_else(|| panic!("{name} is not of {current}"));
        let suffixes: &[&str] = match &*family.kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            other => panic!("{current} has no type but {other:?}"),
        };
        assert!(suffixes.contains(&suffix), "{name} does not fit a {}", family.kind);
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(value.is_finite() && value >= 0.0, "{line}");
        let twice = self.samples.insert(key.to_owned(), value);
        assert!(twice.is_none(), "{key} comes twice");
    }

    /// Classes rise, and the last holds all.
    fn check_histograms(&self) {
        let mut classes: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (key, count) in &self.samples {
            let Some((name, rest)) = key.split_once("_bucket{") else { continue };
            let (bound, others): (Vec<&str>, Vec<&str>) =
                rest.trim_end_matches('}').split(',').partition(|label| label.starts_with("le="));
            let bound = bound.first().expect("a bound").trim_start_matches("le=\"").trim_end_matches('"');
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound") };
            let others = if others.is_empty() { String::new() } else { format!("{{{}}}", others.join(",")) };
            classes.entry(format!("{name}_count{others}")).or_default().push((bound, *count));
        }
        for (key, mut of) in classes {
            of.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(of.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{key}: {of:?}");
            let last = of.last().expect("it has one");
            assert_eq!((last.0, last.1), (f64::INFINITY, self.samples[&key]), "{key}");
        }
    }

    /// The value of a sample; it must be there.
    pub fn value(&self, key: &str) -> f64 {
        let near: Vec<_> =
            self.samples.keys().filter(|known| known.starts_with(key.split('{').next().unwrap_or(key))).collect();
        *self.samples.get(key).unwrap_or_else(|| panic!("there is no {key}; near: {near:?}"))
    }

    /// The sum over all labels of a name.
    pub fn sum(&self, name: &str) -> f64 {
        let of = |key: &str| key == name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'));
        self.samples.iter().filter(|(key, _)| of(key)).map(|(_, value)| value).sum()
    }

    /// Every name as Prometheus queries it: of a histogram the family's.
    pub fn names(&self) -> BTreeSet<String> {
        let name = |(name, family): (&String, &Family)| match &*family.kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.clone(),
        };
        self.families.iter().map(name).collect()
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.contains("__")
}

/// How long the labels are with their braces.
fn labels(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let mut name = String::new();
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => {
                assert!(matches!(c, '\\' | '"' | 'n'), "no escape: {text}");
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                if quoted {
                    let label = name.trim_start_matches(['{', ',']).trim_end_matches('=');
                    assert!(is_name(label) && name.ends_with('='), "no label: {name}");
                    name.clear();
                }
            }
            '}' if !quoted => return i + 1,
            _ if quoted => {}
            c => name.push(c),
        }
    }
    panic!("labels do not end: {text}")
}
