//! Rendering: a prompt's pattern, the values in its slots, and how each type of value is said.
//!
//! Plural forms and references are Fluent's; what a slot sounds like is decided here by the type of the value: a number
//! keeps its plural class, everything else enters the pattern as words already set apart by isolates.

use std::{fmt, sync::Arc};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, types::FluentNumber};
use unic_langid::LanguageIdentifier;

use super::{
    super::{
        model::{Language, SymbolSetDef},
        value::{Symbol, Type, Value},
    },
    ParsedPrompts, Prompt, Term, fallbacks, without_isolates,
};
use crate::{
    id::{LanguageId, PromptId},
    pii::Digits,
    time::{Date, Duration},
};

/// Words a voice says in a second (measured audio replaces the estimate).
const WORDS_PER_SECOND: f64 = 2.3;
/// The pause after a prompt, in seconds.
const PAUSE: f64 = 0.2;
/// No prompt is shorter, in seconds.
const SHORTEST: f64 = 0.4;

/// How amounts and months are said where a centre's files do not say otherwise.
const BUILT_IN: [(&str, &str); 3] =
    [("ar", include_str!("say/ar.ftl")), ("fr", include_str!("say/fr.ftl")), ("en", include_str!("say/en.ftl"))];

/// First strong isolate: what follows finds its own direction.
const ISOLATE: char = '\u{2068}';
/// Joins the groups of a number: unlike a plain space it keeps their order in text from right to left.
const NO_BREAK_SPACE: char = '\u{a0}';
/// End of an isolate.
const END: char = '\u{2069}';

/// The texts of all languages.
#[derive(Default)]
pub(super) struct Texts {
    languages: Vec<Language>,
    bundles: Vec<FluentBundle<Arc<FluentResource>>>,
    /// Names of the symbol sets, and of their words.
    sets: Vec<SymbolSetDef>,
    terms: Vec<Term>,
    /// By prompt and language: whose text is said.
    voices: Vec<Box<[Option<LanguageId>]>>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({} prompts, {} languages)", self.voices.len(), self.bundles.len())
    }
}

impl Texts {
    pub fn compile(parsed: &ParsedPrompts, sets: &[SymbolSetDef]) -> Texts {
        let every = || (0..parsed.languages.len()).map(|l| LanguageId(l as u8));
        let voice =
            |entry: &super::Entry| every().map(|l| parsed.voice(entry, l).filter(|_| !entry.unsayable)).collect();
        let bundle = |(language, file): (&Language, &Option<super::LanguageFile>)| {
            let own = file.as_ref().map(|file| file.resource.clone());
            bundle(&language.code, own)
        };
        Texts {
            languages: parsed.languages.clone(),
            bundles: parsed.languages.iter().zip(&parsed.files).map(bundle).collect(),
            sets: sets.to_vec(),
            terms: parsed.terms.clone(),
            voices: parsed.entries.iter().map(voice).collect(),
        }
    }

    /// See [`super::Prompts::render`].
    pub fn render(&self, prompt: &Prompt, id: PromptId, language: LanguageId, args: &[Value]) -> String {
        let voice = self.voices.get(id.index()).and_then(|voices| voices.get(language.index()).copied().flatten());
        let Some(voice) = voice else { return format!("{{{}}}", prompt.name) };
        let mut filled = self.filled_terms(voice);
        for (slot, value) in prompt.slots.iter().zip(args) {
            if let Some(said) = self.say(value, voice) {
                filled.set(&*slot.name, said);
            }
        }
        self.format(voice, &prompt.name, &filled).unwrap_or_else(|| format!("{{{}}}", prompt.name))
    }

    /// How long the prompt takes, its slots filled with something of their type.
    pub fn estimate(&self, prompt: &Prompt, id: PromptId, language: LanguageId) -> Duration {
        let Some(voice) = self.voices[id.index()][language.index()] else { return Duration::ZERO };
        let mut filled = self.filled_terms(voice);
        for slot in &prompt.slots {
            let sample = match slot.kind {
                Type::Number => FluentValue::from(10),
                Type::Symbol(set) => self.say_symbol(Symbol { set, word: 0 }, voice).into(),
                // Nine digits are said one by one; a date, an amount, a time or a name takes three words.
                Type::Digits => "0 0 0 0 0 0 0 0 0".into(),
                _ => "0 0 0".into(),
            };
            filled.set(&*slot.name, sample);
        }
        let text = without_isolates(&self.format(voice, &prompt.name, &filled).unwrap_or_default());
        let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
        let seconds = (words as f64 / WORDS_PER_SECOND + PAUSE).max(SHORTEST);
        // Whole milliseconds: an estimate does not pretend to more.
        Duration::from_millis((seconds * 1_000.0).round() as u64)
    }

    fn filled_terms(&self, voice: LanguageId) -> FluentArgs<'_> {
        let mut filled = FluentArgs::new();
        for term in &self.terms {
            let text = fallbacks(&self.languages, voice).find_map(|l| term.texts.get(l.index())?.as_deref());
            if let Some(text) = text {
                filled.set(&*term.name, isolated(text));
            }
        }
        filled
    }

    /// The text `message` or `message.attribute` of one language; `None` when it has none.
    fn format(&self, language: LanguageId, name: &str, args: &FluentArgs<'_>) -> Option<String> {
        let bundle = self.bundles.get(language.index())?;
        let pattern = match name.split_once('.') {
            None => bundle.get_message(name)?.value()?,
            Some((message, attribute)) => bundle.get_message(message)?.get_attribute(attribute)?.value(),
        };
        // What cannot be filled is left visible in the text; the checker has refused it at load.
        Some(bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
    }

    /// The same in the first language that has the text, from `language` on.
    fn format_any(&self, language: LanguageId, name: &str, args: &FluentArgs<'_>) -> Option<String> {
        fallbacks(&self.languages, language).find_map(|l| self.format(l, name, args))
    }

    /// A value as it enters a pattern; `None` for what cannot be said.
    fn say(&self, value: &Value, voice: LanguageId) -> Option<FluentValue<'static>> {
        Some(match value {
            Value::Unset | Value::Bool(_) => return None,
            Value::Number(n) => self.number(*n, voice).into(),
            Value::Digits(digits) => isolated(&in_threes(*digits)).into(),
            Value::Date(date) => isolated(&self.say_date(*date, voice)).into(),
            Value::Amount(centimes) => isolated(&self.say_amount(*centimes, voice)).into(),
            Value::Time(time) => isolated(&time.to_string()).into(),
            Value::Symbol(symbol) => isolated(&self.say_symbol(*symbol, voice)).into(),
            Value::Text(text) => isolated(&harmless(text)).into(),
        })
    }

    /// Day, name of the month, year; French alone says the first of a month as an ordinal.
    fn say_date(&self, date: Date, voice: LanguageId) -> String {
        let civil = date.civil();
        let month = self.format_any(voice, &format!("month.m{:02}", civil.month()), &FluentArgs::new());
        let Some(month) = month else { return date.to_string() };
        let french = self.languages.get(voice.index()).is_some_and(|language| &*language.code == "fr");
        let ordinal = if french && civil.day() == 1 { "er" } else { "" };
        format!("{}{ordinal} {month} {}", civil.day(), civil.year())
    }

    /// Dirhams, and centimes unless there are none.
    fn say_amount(&self, centimes: i64, voice: LanguageId) -> String {
        let part = |name: &str, n: i64| {
            let mut args = FluentArgs::new();
            args.set("n", self.number(n, voice));
            let said = self.format_any(voice, name, &args).unwrap_or_else(|| n.to_string());
            without_isolates(&said)
        };
        let (whole, rest) = (centimes / 100, centimes % 100);
        match (whole, rest) {
            (_, 0) => part("say.dirhams", whole),
            (0, _) => part("say.centimes", rest),
            _ => {
                let mut both = FluentArgs::new();
                both.set("dirhams", part("say.dirhams", whole));
                both.set("centimes", part("say.centimes", rest.abs()));
                self.format_any(voice, "say.both", &both).unwrap_or_else(|| format!("{whole},{:02}", rest.abs()))
            }
        }
    }

    /// A number that keeps its plural class. The plural rules behind Fluent judge Arabic by the whole number where the
    /// language judges by the last two digits (103 is said like 3), so that above 99 only these choose the form, and the
    /// whole number travels beside them, in the one option that holds text.
    fn number(&self, n: i64, voice: LanguageId) -> FluentNumber {
        let mut number = FluentNumber::from(n);
        let arabic = self.languages.get(voice.index()).is_some_and(|language| &*language.code == "ar");
        if arabic && n.unsigned_abs() > 99 {
            number.options.currency = Some(grouped(n as f64, NO_BREAK_SPACE));
            number.value = match n.unsigned_abs() % 100 {
                0..=2 => 100.0,
                last => last as f64,
            };
        }
        number
    }

    fn say_symbol(&self, symbol: Symbol, voice: LanguageId) -> String {
        let set = self.sets.get(symbol.set.0 as usize);
        let Some((set, word)) = set.and_then(|set| Some((set, set.words.get(symbol.word as usize)?))) else {
            return format!("{{{}.{}}}", symbol.set.0, symbol.word);
        };
        let name = format!("{}.{word}", set.name);
        let text = self.format_any(voice, &name, &self.filled_terms(voice));
        text.unwrap_or_else(|| format!("{{{name}}}"))
    }
}

fn bundle(code: &str, own: Option<Arc<FluentResource>>) -> FluentBundle<Arc<FluentResource>> {
    // Plural rules know Standard Moroccan Tamazight under its nearest relative.
    let plural_code = if code == "zgh" { "tzm" } else { code };
    let locale: LanguageIdentifier = plural_code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    bundle.set_use_isolating(false); // slots are isolated here, whole plural forms need not be
    // Thousands stand apart by what bidirectional text keeps in order: a comma or a space that joins numbers.
    bundle.set_formatter(Some(match code {
        "en" => |value, _| number(value, ','),
        "fr" => |value, _| number(value, '\u{202f}'),
        _ => |value, _| number(value, NO_BREAK_SPACE),
    }));
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == code);
    if let Some(Ok(resource)) = built_in.map(|(_, text)| FluentResource::try_new((*text).to_owned())) {
        bundle.add_resource_overriding(Arc::new(resource));
    }
    if let Some(own) = own {
        bundle.add_resource_overriding(own);
    }
    bundle
}

/// A whole number as it is shown, set apart; `None` for what is not a number.
fn number(value: &FluentValue<'_>, separator: char) -> Option<String> {
    match value {
        FluentValue::Number(number) => {
            let whole = number.options.currency.clone();
            Some(isolated(&whole.unwrap_or_else(|| grouped(number.value, separator))))
        }
        _ => None,
    }
}

fn grouped(value: f64, separator: char) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() * 2);
    if value < 0.0 {
        text.push('-');
    }
    for (i, digit) in digits.char_indices() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// `000000042` as `000 000 042`.
fn in_threes(digits: Digits) -> String {
    let text = digits.to_string();
    let mut spaced = String::with_capacity(text.len() * 4 / 3);
    for (i, digit) in text.char_indices() {
        if i > 0 && i % 3 == 0 {
            spaced.push(' ');
        }
        spaced.push(digit);
    }
    spaced
}

fn isolated(text: &str) -> String {
    format!("{ISOLATE}{text}{END}")
}

/// A text from outside without control characters and marks that could turn the rest of a sentence round.
fn harmless(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !c.is_control() && !turns(*c)).collect()
}
