//! What callers hear, and what authors are told.

use super::*;
use crate::{
    script::{
        catalogue::{self, CATEGORY, MONTH, SETS},
        value::Symbol,
    },
    time::TimeOfDay,
};

const AR: LanguageId = LanguageId(0);
const FR: LanguageId = LanguageId(1);
const ZGH: LanguageId = LanguageId(2);
const EN: LanguageId = LanguageId(3);

fn languages() -> Vec<Language> {
    let language = |code: &str, fallback| Language { code: code.into(), right_to_left: code == "ar", fallback };
    vec![language("ar", None), language("fr", None), language("zgh", Some(AR)), language("en", None)]
}

fn sets() -> Vec<SymbolSetDef> {
    let set = |entry: &catalogue::SetEntry| SymbolSetDef {
        name: entry.name.into(),
        words: entry.words.iter().map(|word| Arc::from(*word)).collect(),
    };
    SETS.iter().map(set).collect()
}

/// Reads texts given by language, in the order ar, fr, zgh, en; an empty one is no file.
fn read(texts: [&str; 4], settings: &str) -> (ParsedPrompts, Vec<Diagnostic>) {
    let named = languages()
        .iter()
        .zip(texts)
        .map(|(l, text)| (format!("prompts/{}.ftl", l.code).into(), text))
        .collect::<Vec<_>>();
    let files: Vec<_> = named.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let fund = ["سند", "Sanad", "ⵙⴰⵏⴰⴷ", "Sanad"].map(|text| Some(text.into())).to_vec();
    parse(
        &files,
        &languages(),
        Some(("prompts/prompts.toml".into(), settings)),
        &[Term { name: "fund".into(), texts: fund }],
    )
}

fn good(texts: [&str; 4], settings: &str, kind: Type) -> Prompts {
    let (parsed, found) = read(texts, settings);
    assert_eq!(found, []);
    parsed.finish(&sets(), |_, _| Some(kind))
}

fn say(prompts: &Prompts, name: &str, language: LanguageId, args: &[Value]) -> String {
    prompts.render_plain(prompts.named(name).expect(name), language, args)
}

/// Every code and the text it points at.
fn faults(texts: [&str; 4], settings: &str) -> Vec<String> {
    let (_, found) = read(texts, settings);
    let source = |file: &str| match file {
        "prompts/prompts.toml" => settings,
        _ => {
            texts
                [["ar", "fr", "zgh", "en"].iter().position(|code| file.ends_with(&format!("/{code}.ftl"))).expect(file)]
        }
    };
    let show = |d: &Diagnostic| {
        assert!(d.help.is_some(), "{d:?} shows no way out");
        format!("{} {} `{}`", d.code, d.file, &source(&d.file)[d.span.clone()])
    };
    found.iter().map(show).collect()
}

fn every(text: &str) -> [&str; 4] {
    [text, text, "", text]
}

const CHILDREN: [&str; 4] = [
    "kids = { $n ->\n [zero] لا أطفال\n [one] طفل واحد\n [two] طفلان\n [few] { $n } أطفال\n [many] { $n } طفلًا\n *[other] { $n } طفل\n }\n",
    "kids = { $n ->\n [one] { $n } enfant\n *[other] { $n } enfants\n }\n",
    "",
    "kids = { $n ->\n [one] one child\n *[other] { $n } children\n }\n",
];

#[test]
fn numbers_choose_the_plural_of_each_language() {
    let prompts = good(CHILDREN, "", Type::Number);
    let heard = |language, n| say(&prompts, "kids", language, &[Value::Number(n)]);
    let arabic = [
        (0, "لا أطفال"),
        (1, "طفل واحد"),
        (2, "طفلان"),
        (3, "3 أطفال"),
        (10, "10 أطفال"),
        (11, "11 طفلًا"),
        (99, "99 طفلًا"),
        (100, "100 طفل"),
        (101, "101 طفل"),
        (102, "102 طفل"),
        (103, "103 أطفال"),
        (1_211, "1\u{a0}211 طفلًا"),
    ];
    for (n, expected) in arabic {
        assert_eq!(heard(AR, n), expected, "{n}");
    }
    for (n, fr, en) in [(0, "0 enfant", "0 children"), (1, "1 enfant", "one child"), (2, "2 enfants", "2 children")] {
        assert_eq!((heard(FR, n).as_str(), heard(EN, n).as_str()), (fr, en));
    }
}

#[test]
fn dates_are_said_with_the_month_names_of_morocco() {
    let prompts = good(every("on = { $d }"), "", Type::Date);
    let heard = |language, text: &str| {
        let date: jiff::civil::Date = text.parse().expect(text);
        say(&prompts, "on", language, &[Value::Date(date.into())])
    };
    let months = [
        ("يناير", "janvier", "January"),
        ("فبراير", "février", "February"),
        ("مارس", "mars", "March"),
        ("أبريل", "avril", "April"),
        ("ماي", "mai", "May"),
        ("يونيو", "juin", "June"),
        ("يوليوز", "juillet", "July"),
        ("غشت", "août", "August"),
        ("شتنبر", "septembre", "September"),
        ("أكتوبر", "octobre", "October"),
        ("نونبر", "novembre", "November"),
        ("دجنبر", "décembre", "December"),
    ];
    for (i, (ar, fr, en)) in months.into_iter().enumerate() {
        let date = format!("2022-{:02}-17", i + 1);
        assert_eq!(heard(AR, &date), format!("17 {ar} 2022"));
        assert_eq!(heard(ZGH, &date), format!("17 {ar} 2022"));
        assert_eq!(heard(FR, &date), format!("17 {fr} 2022"));
        assert_eq!(heard(EN, &date), format!("17 {en} 2022"));
    }
    assert_eq!(heard(FR, "2022-12-01"), "1er décembre 2022");
}

#[test]
fn digits_stand_in_groups_of_three() {
    let prompts = good(every("ref = { $ref }"), "", Type::Digits);
    for (digits, expected) in [("000000042", "000 000 042"), ("12345678", "123 456 78"), ("042", "042"), ("42", "42")] {
        let value = Value::Digits(digits.parse().expect(digits));
        assert_eq!(say(&prompts, "ref", AR, &[value]), expected);
    }
}

#[test]
fn amounts_are_dirhams_and_centimes_unless_there_are_none() {
    let prompts = good(every("due = { $sum }"), "", Type::Amount);
    let heard = |language, centimes| say(&prompts, "due", language, &[Value::Amount(centimes)]);
    let cases = [
        (30_000, "300 درهم", "300 dirhams", "300 dirhams"),
        (100, "درهم واحد", "1 dirham", "1 dirham"),
        (1_150, "11 درهمًا و50 سنتيمًا", "11 dirhams et 50 centimes", "11 dirhams and 50 centimes"),
        (5, "5 سنتيمات", "5 centimes", "5 centimes"),
        (123_456_700, "1\u{a0}234\u{a0}567 درهمًا", "1\u{202f}234\u{202f}567 dirhams", "1,234,567 dirhams"),
    ];
    for (centimes, ar, fr, en) in cases {
        assert_eq!((heard(AR, centimes), heard(FR, centimes), heard(EN, centimes)), (ar.into(), fr.into(), en.into()));
    }
}

#[test]
fn slots_are_set_apart_on_screens_and_not_in_audio_text() {
    let prompts = good(every("open = from { $a } to { $b }"), "", Type::Time);
    let args = [Value::Time(TimeOfDay(510)), Value::Time(TimeOfDay(990))];
    let id = prompts.named("open").expect("it is there");
    assert_eq!(prompts.render(id, AR, &args), "from \u{2068}08:30\u{2069} to \u{2068}16:30\u{2069}");
    assert_eq!(prompts.render_plain(id, AR, &args), "from 08:30 to 16:30");
}

#[test]
fn symbols_are_said_by_the_prompt_of_the_same_language() {
    let texts = [
        "cat = الفئة: { $c }\ncategory =\n .farm = الفلاحون\n",
        "cat = catégorie { $c }\ncategory =\n .farm = agriculteurs\n",
        "",
        "cat = category { $c }\ncategory =\n .farm = farmers\n",
    ];
    let prompts = good(texts, "", Type::Symbol(CATEGORY));
    let farm = [Value::Symbol(catalogue::symbol(CATEGORY, "farm").expect("a word"))];
    assert_eq!(say(&prompts, "cat", EN, &farm), "category farmers");
    assert_eq!(say(&prompts, "cat", ZGH, &farm), "الفئة: الفلاحون");
    let june = [Value::Symbol(Symbol { set: MONTH, word: 5 })];
    assert_eq!(say(&prompts, "cat", FR, &june), "catégorie juin");
    let unknown = [Value::Symbol(catalogue::symbol(CATEGORY, "taxi").expect("a word"))];
    assert_eq!(say(&prompts, "cat", EN, &unknown), "category {category.taxi}");
}

#[test]
fn a_language_without_a_text_falls_back_prompt_by_prompt() {
    let texts =
        ["hi = مرحبا\nbye = إلى اللقاء", "hi = Bonjour\nbye = Au revoir", "hi = ⴰⵣⵓⵍ", "hi = Hello\nbye = Goodbye"];
    let prompts = good(texts, "", Type::Text);
    assert_eq!(say(&prompts, "hi", ZGH, &[]), "ⴰⵣⵓⵍ");
    assert_eq!(say(&prompts, "bye", ZGH, &[]), "إلى اللقاء");
}

#[test]
fn terms_fill_themselves() {
    let prompts = good(every("greet = Welcome to { $fund }."), "", Type::Text);
    assert!(prompts.get(PromptId(0)).slots.is_empty());
    assert_eq!(say(&prompts, "greet", EN, &[]), "Welcome to Sanad.");
    assert_eq!(say(&prompts, "greet", AR, &[]), "Welcome to سند.");
}

#[test]
fn ramed_is_said_until_the_day_it_ends() {
    let settings = "[\"cal.ramed\"]\nvalid_to = 2022-12-01\notherwise = \"cal.tadamon\"\n";
    let prompts = good(every("cal =\n .ramed = RAMED\n .tadamon = AMO Tadamon\n"), settings, Type::Text);
    let id = prompts.named("cal.ramed").expect("it is there");
    let on = |y, m, d| prompts.get(prompts.on(id, Date::from_ymd(y, m, d).expect("a date"))).name.to_string();
    assert_eq!(on(2022, 11, 30), "cal.ramed");
    assert_eq!(on(2022, 12, 1), "cal.tadamon");
}

#[test]
fn lengths_are_measured_or_estimated_by_words() {
    let texts = every("short = Yes\nlong = one two three four five six seven eight nine ten eleven\nnum = { $d }");
    let settings = "[long]\nseconds = { fr = 6.5 }\nbarge_in = false";
    let (parsed, found) = read(texts, settings);
    assert_eq!(found, []);
    let prompts = parsed.finish(&sets(), |_, _| Some(Type::Digits));
    let of = |name: &str, language: LanguageId| {
        prompts.entries[prompts.named(name).expect(name).index()].durations[language.index()]
    };
    assert_eq!(of("short", EN), Duration::from_millis(635));
    assert_eq!(of("long", EN), Duration::from_millis(4_983));
    assert_eq!(of("long", FR), Duration::from_millis(6_500));
    assert_eq!(of("long", ZGH), of("long", AR));
    assert_eq!(of("num", EN), Duration::from_millis(4_113), "nine digits are nine words");
    let barge = |name: &str| prompts.get(prompts.named(name).expect(name)).barge_in;
    assert!(barge("short") && !barge("long"));
}

#[test]
fn a_slot_that_cannot_be_said_shows() {
    let prompts = good(every("hi = Hello { $a }, { $b }!"), "", Type::Text);
    assert_eq!(say(&prompts, "hi", EN, &[Value::Unset]), "Hello {$a}, {$b}!");
    let hostile = Value::Text("Rabat\u{202e}\u{2069}\n!".into());
    assert_eq!(say(&prompts, "hi", EN, &[hostile, Value::Bool(true)]), "Hello Rabat!, {$b}!");
    let mute = Prompts::wordless(prompts.entries.clone());
    assert_eq!(mute.render(PromptId(0), EN, &[]), "{hi}");
}

#[test]
fn every_fault_of_a_text_file_is_reported_where_it_stands() {
    let broken = "ok = fine\nno text\nbad = { $n -> [one] x }\ntwice = a\ntwice = b\nhi = { SHOUT($n) }\nodd = { 1 ->\n *[one] x\n }\n";
    let found = faults([broken, broken, "", broken], "");
    let arabic: Vec<_> = found.iter().filter(|line| line.contains("ar.ftl")).map(String::as_str).collect();
    let expected = [
        "text-syntax prompts/ar.ftl `t`",
        "text-syntax prompts/ar.ftl `[`",
        "duplicate-prompt prompts/ar.ftl `twice`",
        "unknown-function prompts/ar.ftl `SHOUT`",
        "text-selector prompts/ar.ftl `odd`",
    ];
    assert_eq!(arabic, expected);
}

#[test]
fn missing_texts_and_differing_slots_are_reported() {
    let texts = ["a = { $date }\nb = نص", "a = { $dte }\nb = texte", "b = ⴰⵣⵓⵍ { $n }", "a = { $date }"];
    let expected = [
        "slot-mismatch prompts/fr.ftl `dte`",
        "missing-language prompts/ar.ftl `b`",
        "slot-mismatch prompts/zgh.ftl `n`",
    ];
    assert_eq!(faults(texts, ""), expected);
    let (_, found) = read(texts, "");
    assert_eq!(found[0].help.as_deref(), Some("did you mean `$date` instead of `$dte`?"));
    assert_eq!(found[0].related.len(), 1);
}

#[test]
fn a_language_without_a_file_is_reported_once() {
    let (_, found) = read(["a = 1\nb = 2", "", "", "a = 1\nb = 2"], "");
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["missing-language"]);
    let stray = parse(&[("prompts/frr.ftl".into(), "a = b")], &languages()[1..2], None, &[]).1;
    assert_eq!(stray[0].code, "unknown-language");
    assert_eq!(stray[0].help.as_deref(), Some("rename the file to `fr.ftl`, or add `frr` to [languages]"));
}

#[test]
fn references_carry_their_slots_and_must_lead_somewhere() {
    let prompts =
        good(every("sum = { $n } files\nall = You have { sum } at { -brand }.\n-brand = the fund"), "", Type::Number);
    assert_eq!(say(&prompts, "all", EN, &[Value::Number(3)]), "You have 3 files at the fund.");
    let endless = "a = { b }\nb = { a }\nc = { a } { d }\n-t = { -t }\n-s = { $x }";
    let found = faults(every(endless), "");
    let english: Vec<_> = found.iter().filter(|line| line.contains("/en.ftl")).map(String::as_str).collect();
    let expected = [
        "slot-in-term prompts/en.ftl `x`",
        "unknown-reference prompts/en.ftl `d`",
        "cyclic-text prompts/en.ftl `a`",
        "cyclic-text prompts/en.ftl `b`",
        "cyclic-text prompts/en.ftl `t`",
    ];
    let sorted = |mut lines: Vec<&str>| {
        lines.sort_unstable();
        lines.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(sorted(english), sorted(expected.to_vec()));
    let endless = read(every(endless), "").0.finish(&sets(), |_, _| None);
    assert_eq!(say(&endless, "c", EN, &[]), "{c}", "it is not said, and nothing breaks");
}

#[test]
fn every_fault_of_the_settings_is_reported_where_it_stands() {
    let texts = every("a = { $x }\nb = text\nc =\n .d = text");
    let settings = r#"
[b]
barge_inn = true
barge_in = "no"
valid_to = "soon"
seconds = { fr = -1, de = 2 }
[a]
valid_from = 2022-12-01
valid_to = 2022-01-01
otherwise = "b"
[c.d]
barge_in = true
[bb]
"#;
    let mut found = faults(texts, settings);
    found.sort();
    let expected = [
        "missing-field prompts/prompts.toml `b`",
        "slot-mismatch prompts/prompts.toml `a`",
        "unknown-field prompts/prompts.toml `barge_inn`",
        "unknown-language prompts/prompts.toml `de`",
        "unknown-prompt prompts/prompts.toml `bb`",
        "unknown-prompt prompts/prompts.toml `c`",
        "wrong-type prompts/prompts.toml `\"no\"`",
        "wrong-type prompts/prompts.toml `\"soon\"`",
        "wrong-value prompts/prompts.toml `-1`",
        "wrong-value prompts/prompts.toml `a`",
    ];
    assert_eq!(found, expected[1..].to_vec());
    let (_, found) = read(texts, "[c.d]\nbarge_in = true");
    assert_eq!(found[0].help.as_deref(), Some("put the id in quotes: [\"c.d\"]"));
}

#[test]
fn a_symbol_without_a_text_is_reported_at_its_use() {
    let (parsed, _) = read(every("category =\n .farm = farmers"), "");
    let (mut found, place) = (Vec::new(), Place { file: "flows/file.toml".into(), span: 3..9 });
    parsed.check_symbols(&sets()[CATEGORY.0 as usize], &place, &mut found);
    assert_eq!(found.len(), SETS[CATEGORY.0 as usize].words.len() - 1);
    assert_eq!((found[0].code, found[0].span.clone()), ("missing-symbol-text", 3..9));
}

const CENTRE: [&str; 4] = [
    include_str!("../../../config/centre/prompts/ar.ftl"),
    include_str!("../../../config/centre/prompts/fr.ftl"),
    include_str!("../../../config/centre/prompts/zgh.ftl"),
    include_str!("../../../config/centre/prompts/en.ftl"),
];

fn centre() -> (ParsedPrompts, Vec<Diagnostic>) {
    let named = languages().into_iter().zip(CENTRE).map(|(l, text)| (format!("prompts/{}.ftl", l.code).into(), text));
    let files: Vec<_> = named.collect();
    let words = |name: &str| Term { name: name.into(), texts: vec![Some("…".into()); 4] };
    let settings = include_str!("../../../config/centre/prompts/prompts.toml");
    parse(&files, &languages(), Some(("prompts/prompts.toml".into(), settings)), &[words("fund"), words("best")])
}

#[test]
fn the_default_centre_can_say_every_symbol_of_the_catalogue() {
    let (parsed, mut found) = centre();
    let place = Place { file: "here".into(), span: 0..0 };
    for set in sets() {
        parsed.check_symbols(&set, &place, &mut found);
    }
    assert_eq!(found, []);
}

#[test]
fn the_default_centre_says_nothing_for_longer_than_25_seconds() {
    let (parsed, _) = centre();
    let prompts = parsed.finish(&sets(), |_, _| Some(Type::Number));
    for prompt in &prompts.entries {
        let longest = prompt.durations.iter().max().expect("four languages");
        assert!(*longest <= Duration::from_secs(25), "{} takes {longest}", prompt.name);
    }
}

#[test]
fn waits_are_said_in_the_six_forms_of_arabic() {
    let prompts = centre().0.finish(&sets(), |_, _| Some(Type::Number));
    let heard = |min| say(&prompts, "q.pos", AR, &[Value::Number(min), Value::Number(4)]);
    for (min, words) in [(1, "دقيقة واحدة"), (2, "دقيقتان"), (10, "10 دقائق"), (11, "11 دقيقةً"), (100, "100 دقيقة")]
    {
        assert_eq!(heard(min), format!("ترتيبكم في الانتظار: 4. المدة المتوقعة: {words} تقريبًا."));
    }
}

#[test]
fn prompts_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Prompts>();
}

proptest::proptest! {
    #[test]
    fn no_text_however_odd_breaks_the_reader(text in "([a-c.{}$*=\\[\\]\" \n\\-()0-9>ش]|-> |\\*\\[other\\] |a = |\n \\.b = ){0,60}") {
        let (parsed, _) = read([&text, "a = x", "", "a = y"], &text);
        let prompts = parsed.finish(&sets(), |_, _| Some(Type::Number));
        for i in 0..prompts.entries.len() {
            for l in 0..4 {
                prompts.render(PromptId(i as u32), LanguageId(l), &[Value::Number(2), Value::Unset]);
            }
        }
    }
}
