//! Diagnostics for people, with the lines they are about, and for programs, as JSON.

use std::collections::BTreeMap;

use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet, renderer::DecorStyle};
use serde::Serialize;

use super::{
    Source,
    diagnostic::{Diagnostic, Related, Severity},
    tree::Span,
};

/// The width reports are folded to; a constant, so that a report is the same on every screen.
const WIDTH: usize = 140;

/// The most that are told in full. Each costs a look at its whole file, so that a long file of rubbish would take minutes, and
/// nobody reads as far.
const MOST: usize = 100;

/// The diagnostics as a person reads them: message, file, line and column, the line with carets, the way out, and the keys
/// by which a caller gets there. Of more than a hundred the rest is counted. Ends without a newline; empty when there is
/// nothing to report.
pub fn render_diagnostics(source: &Source, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let told = diagnostics.iter().take(MOST);
    let mut reports: Vec<String> = told.map(|diagnostic| one(source, diagnostic, &renderer)).collect();
    if diagnostics.len() > MOST {
        reports.push(format!("and {} more; put these right first", diagnostics.len() - MOST));
    }
    reports.join("\n\n")
}

fn one(source: &Source, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut elements: Vec<Element<'_>> = Vec::new();
    let (here, elsewhere): (Vec<&Related>, Vec<&Related>) =
        diagnostic.related.iter().partition(|related| related.file == diagnostic.file);
    match source.text(&diagnostic.file).filter(|_| diagnostic.span != (0..0)) {
        Some(text) => {
            let related = here.iter().map(|related| context(text, related));
            let primary = AnnotationKind::Primary.span(within(text, &diagnostic.span));
            let snippet = Snippet::source(text).path(&*diagnostic.file).annotation(primary).annotations(related);
            elements.push(snippet.into());
        }
        None => elements.push(Origin::path(&*diagnostic.file).into()),
    }
    for related in elsewhere {
        if let Some(text) = source.text(&related.file) {
            elements.push(Snippet::source(text).path(&*related.file).annotation(context(text, related)).into());
        }
    }
    if let Some(keys) = &diagnostic.reached_by {
        elements.push(Level::NOTE.message(format!("reached by: {keys}")).into());
    }
    if let Some(help) = &diagnostic.help {
        elements.push(Level::HELP.message(help.as_str()).into());
    }
    let text = renderer.render(&[title.elements(elements)]);
    // The renderer pads some lines; nobody sees it but editors and tests do.
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn context<'s>(text: &str, related: &'s Related) -> Annotation<'s> {
    AnnotationKind::Context.span(within(text, &related.span)).label(related.label.as_str())
}

/// The span cut to whole characters inside the text.
fn within(text: &str, span: &Span) -> Span {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    start..text.ceil_char_boundary(span.end.clamp(start, text.len()))
}

/// A diagnostic as programs read it. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Serialize)]
struct Record<'a> {
    code: &'a str,
    severity: Severity,
    #[serde(flatten)]
    place: Location<'a>,
    message: &'a str,
    help: Option<&'a str>,
    related: Vec<RelatedRecord<'a>>,
    reached_by: Option<&'a str>,
}

#[derive(Serialize)]
struct RelatedRecord<'a> {
    #[serde(flatten)]
    place: Location<'a>,
    label: &'a str,
}

#[derive(Serialize)]
struct Location<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// The diagnostics as a JSON array of objects: `code`, `severity`, `file`, `line`, `column`, `end_line`, `end_column`,
/// `message`, `help`, `related` and `reached_by`.
pub fn diagnostics_json(source: &Source, diagnostics: &[Diagnostic]) -> String {
    // Two readings of each file: what is told is in order, and so is, most often, what it is related to.
    let (mut places, mut related) = (Readings::new(source), Readings::new(source));
    let records: Vec<Record<'_>> = diagnostics
        .iter()
        .map(|diagnostic| Record {
            code: diagnostic.code,
            severity: diagnostic.severity,
            place: places.location(&diagnostic.file, &diagnostic.span),
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            related: diagnostic
                .related
                .iter()
                .map(|r| RelatedRecord { place: related.location(&r.file, &r.span), label: &r.label })
                .collect(),
            reached_by: diagnostic.reached_by.as_deref(),
        })
        .collect();
    serde_json::to_string_pretty(&records).expect("strings and numbers always become JSON")
}

/// The files of a centre, as they are gone through.
struct Readings<'a> {
    source: &'a Source,
    files: BTreeMap<&'a str, Reading<'a>>,
}

impl<'a> Readings<'a> {
    fn new(source: &'a Source) -> Readings<'a> {
        Readings { source, files: BTreeMap::new() }
    }

    fn location(&mut self, file: &'a str, span: &Span) -> Location<'a> {
        let source = self.source;
        let reading = self.files.entry(file).or_insert_with(|| Reading::of(source.text(file).unwrap_or_default()));
        let span = within(reading.text, span);
        let ((line, column), (end_line, end_column)) = (reading.place(span.start), reading.place(span.end));
        Location { file, line, column, end_line, end_column }
    }
}

/// A text in which lines and columns are looked up. It goes on from the place found last: with a look at the whole text for
/// each, a long file of rubbish would take minutes.
struct Reading<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Line, place and column found last.
    last: (usize, usize, usize),
}

impl<'a> Reading<'a> {
    fn of(text: &'a str) -> Reading<'a> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Reading { text, lines, last: (1, 0, 1) }
    }

    /// Line and column of a place between characters, both from 1.
    fn place(&mut self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let (last_line, last, column) = self.last;
        let (from, before) = if line == last_line && last <= at { (last, column) } else { (self.lines[line - 1], 1) };
        let column = before + self.text[from..at].chars().count();
        self.last = (line, at, column);
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::diagnostic::line_and_column;

    #[test]
    fn places_are_found_in_any_order_as_if_each_were_the_first() {
        let text = "a\n\nsalut é ça\r\n\u{202e}سلام\n= = =";
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let mut reading = Reading::of(text);
        let there_and_back = places.iter().chain(places.iter().rev()).chain(places.iter().step_by(3));
        for at in there_and_back {
            assert_eq!(reading.place(*at), line_and_column(text, *at), "byte {at}");
        }
    }

    #[test]
    fn of_a_file_of_rubbish_a_hundred_faults_are_told_and_the_rest_counted() {
        let text = "x = = 1\n".repeat(3_000);
        let source = Source::from_files(vec![("centre.toml".to_owned(), text)]);
        let faults: Vec<Diagnostic> = (0..3_000)
            .map(|line| Diagnostic::error("toml-syntax", &"centre.toml".into(), line * 8..line * 8 + 1, "rubbish"))
            .collect();
        let report = render_diagnostics(&source, &faults, false);
        assert_eq!(report.matches("error[toml-syntax]").count(), MOST);
        assert!(report.ends_with("and 2900 more; put these right first"), "{}", &report[report.len() - 80..]);
    }
}
