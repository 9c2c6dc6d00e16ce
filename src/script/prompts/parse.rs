//! One Fluent file: which ids it defines, which slots each uses, what it refers to, and where all of that stands.
//!
//! Fluent's syntax tree has no positions, but its names are slices of the source, so that a name's place is its address less
//! that of the source.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use fluent_bundle::FluentResource;
use fluent_syntax::{
    ast::{self, Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser::{ErrorKind, ParserError},
    unicode::unescape_unicode_to_string,
};

use super::super::diagnostic::{Diagnostic, Related};

/// A Fluent file.
pub(super) struct LanguageFile {
    pub path: Arc<str>,
    pub resource: Arc<FluentResource>,
    /// Messages with a value and attributes of messages, in the order of the file.
    pub texts: Vec<Text>,
    /// Terms, `-brand`.
    pub terms: Vec<Text>,
    /// Where each of both is: in `texts`, or behind their end in `terms`.
    index: BTreeMap<Arc<str>, usize>,
    /// Something could not be read, so that what seems to be missing may only be misspelt.
    pub broken: bool,
}

/// A message's value or an attribute.
pub(super) struct Text {
    /// `main` or `enrol.reg`; a term is `-brand`.
    pub name: Arc<str>,
    /// Its name in the file.
    pub span: Range<usize>,
    /// Every variable in it, also inside selectors, and where it stands first.
    pub slots: BTreeMap<Arc<str>, Range<usize>>,
    /// Messages, attributes and terms it refers to.
    pub references: Vec<(Arc<str>, Range<usize>)>,
    /// Holds forms that nothing can choose.
    pub unsayable: bool,
}

impl LanguageFile {
    /// Reads a file and reports what is wrong with it.
    pub fn parse(path: &Arc<str>, text: &str, found: &mut Vec<Diagnostic>) -> LanguageFile {
        let (resource, errors) = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) => (resource, Vec::new()),
            Err((resource, errors)) => (resource, errors),
        };
        found.extend(errors.iter().map(|error| syntax_error(path, text, error)));
        found.extend(controls(path, text));
        let mut reader = Reader {
            source: resource.source(),
            path,
            found,
            texts: Vec::new(),
            terms: Vec::new(),
            first: BTreeMap::new(),
        };
        for entry in resource.entries() {
            match entry {
                Entry::Message(message) => reader.message(message),
                Entry::Term(term) => reader.term(term),
                _ => {}
            }
        }
        let (texts, terms) = (reader.texts, reader.terms);
        let index = texts.iter().chain(&terms).enumerate().map(|(i, text)| (text.name.clone(), i)).collect();
        LanguageFile {
            path: path.clone(),
            broken: !errors.is_empty(),
            texts,
            terms,
            index,
            resource: Arc::new(resource),
        }
    }

    /// The text or term called `name`.
    pub fn text(&self, name: &str) -> Option<&Text> {
        let i = *self.index.get(name)?;
        self.texts.get(i).or_else(|| self.terms.get(i - self.texts.len()))
    }
}

/// Walks a resource.
struct Reader<'a> {
    source: &'a str,
    path: &'a Arc<str>,
    found: &'a mut Vec<Diagnostic>,
    texts: Vec<Text>,
    terms: Vec<Text>,
    /// Where each id was first defined.
    first: BTreeMap<Arc<str>, Range<usize>>,
}

impl<'a> Reader<'a> {
    fn span(&self, part: &str) -> Range<usize> {
        let start = (part.as_ptr() as usize).saturating_sub(self.source.as_ptr() as usize);
        start..start + part.len()
    }

    fn message(&mut self, message: &ast::Message<&'a str>) {
        let id = message.id.name;
        if let Some(first) = self.first.get(id) {
            let again = Diagnostic::error(
                "duplicate-prompt",
                self.path,
                self.span(id),
                format!("`{id}` is defined twice; only one of the texts could ever be heard"),
            );
            let label = "first defined here".to_owned();
            let related = Related { file: self.path.clone(), span: first.clone(), label };
            let again = again.help("remove one, or make both attributes of the same message");
            self.found.push(Diagnostic { related: vec![related], ..again });
            return;
        }
        self.first.insert(id.into(), self.span(id));
        if let Some(value) = &message.value {
            self.text(id.into(), id, value);
        }
        let mut seen: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        for attribute in &message.attributes {
            let (name, span) = (attribute.id.name, self.span(attribute.id.name));
            if let Some(first) = seen.insert(name, span.clone()) {
                let text = format!("`{id}.{name}` is defined twice; only one of the texts could ever be heard");
                let again = Diagnostic::error("duplicate-prompt", self.path, span, text).help("remove one");
                let related = Related { file: self.path.clone(), span: first, label: "first defined here".to_owned() };
                self.found.push(Diagnostic { related: vec![related], ..again });
                continue;
            }
            self.text(format!("{id}.{name}").into(), name, &attribute.value);
        }
    }

    fn term(&mut self, term: &ast::Term<&'a str>) {
        let name: Arc<str> = format!("-{}", term.id.name).into();
        self.text(name, term.id.name, &term.value);
        let Some(mut text) = self.texts.pop() else { return };
        for (slot, span) in std::mem::take(&mut text.slots) {
            let message = format!("the term `-{}` has a slot `${slot}`, which nothing would fill", term.id.name);
            let help = "write the slot in the prompts themselves, or make the term a message";
            self.found.push(Diagnostic::error("slot-in-term", self.path, span, message).help(help));
        }
        self.terms.push(text);
    }

    fn text(&mut self, name: Arc<str>, id: &str, pattern: &Pattern<&'a str>) {
        let mut text =
            Text { name, span: self.span(id), slots: BTreeMap::new(), references: Vec::new(), unsayable: false };
        self.pattern(pattern, &mut text);
        self.texts.push(text);
    }

    fn pattern(&mut self, pattern: &Pattern<&'a str>, text: &mut Text) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression, text);
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&'a str>, text: &mut Text) {
        match expression {
            Expression::Inline(inline) => self.inline(inline, text),
            Expression::Select { selector, variants } => {
                self.inline(selector, text);
                if !matches!(selector, InlineExpression::VariableReference { .. }) {
                    text.unsayable = true;
                    let message = format!("in `{}`, forms are chosen by something that never changes", text.name);
                    let help = "forms can only be chosen by a slot: { $n -> … }";
                    self.found
                        .push(Diagnostic::error("text-selector", self.path, text.span.clone(), message).help(help));
                }
                for variant in variants {
                    self.pattern(&variant.value, text);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&'a str>, text: &mut Text) {
        match inline {
            InlineExpression::VariableReference { id } => {
                let span = self.span(id.name);
                text.slots.entry(id.name.into()).or_insert(span);
            }
            InlineExpression::MessageReference { id, attribute } => {
                let name = attribute.as_ref().map_or(id.name.to_owned(), |a| format!("{}.{}", id.name, a.name));
                text.references.push((name.into(), self.span(id.name)));
            }
            InlineExpression::TermReference { id, .. } => {
                text.references.push((format!("-{}", id.name).into(), self.span(id.name)));
            }
            InlineExpression::FunctionReference { id, .. } => {
                let message =
                    format!("`{}` is not a function: texts have slots and plural forms, nothing else", id.name);
                let help = "remove it; how a slot is said follows from the type of what fills it";
                self.found
                    .push(Diagnostic::error("unknown-function", self.path, self.span(id.name), message).help(help));
            }
            InlineExpression::Placeable { expression } => self.expression(expression, text),
            InlineExpression::StringLiteral { value } => {
                let said = unescape_unicode_to_string(value);
                // What stands there as it is was found in the line.
                if let Some(c) = said.chars().find(|c| is_odd(*c) && !value.contains(*c)) {
                    self.found.push(control(self.path, self.span(value), c));
                }
            }
            InlineExpression::NumberLiteral { .. } => {}
        }
    }
}

/// Widens a range to whole characters inside `text`.
fn whole_characters(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(range.start.min(text.len()));
    start..text.ceil_char_boundary(range.end.clamp(start, text.len()))
}

/// Control characters, which are not said and which a caller's terminal would obey: one report for each line that has some.
fn controls(path: &Arc<str>, text: &str) -> Vec<Diagnostic> {
    let (mut found, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let whole = line.trim_end_matches(['\n', '\r']);
        if let Some((at, c)) = whole.char_indices().find(|(_, c)| is_odd(*c)) {
            found.push(control(path, start + at..start + at + c.len_utf8(), c));
        }
        start += line.len();
    }
    found
}

fn is_odd(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn control(path: &Arc<str>, span: Range<usize>, c: char) -> Diagnostic {
    let message = format!("this text has the control character U+{:04X}, which cannot be said", u32::from(c));
    let help = "remove it; a terminal on which a call is followed might obey it";
    Diagnostic::warning("control-character", path, span, message).help(help)
}

fn syntax_error(path: &Arc<str>, text: &str, error: &ParserError) -> Diagnostic {
    let (what, help) = explain(&error.kind);
    Diagnostic::error("text-syntax", path, whole_characters(text, &error.pos), what).help(help)
}

/// What is wrong, and the way out.
fn explain(kind: &ErrorKind) -> (String, String) {
    let (what, help): (String, &str) = match kind {
        ErrorKind::ExpectedToken('=') => (
            "an id must be followed by `=` and its text".into(),
            "write `id = text`; indent the further lines of a text",
        ),
        ErrorKind::ExpectedToken('\n') => {
            ("each form must begin on a line of its own".into(), "break the line after `->` and before each `[`")
        }
        ErrorKind::ExpectedToken(token) => {
            (format!("`{token}` is missing here"), "add it, or close what is open before it")
        }
        ErrorKind::ExpectedCharRange { range } => (
            format!("one of the characters {range} must stand here"),
            "begin an id with a Latin letter; indent the further lines of a text",
        ),
        ErrorKind::ExpectedMessageField { entry_id } => {
            (format!("`{entry_id}` has neither a text nor attributes"), "write the text after `=`, or remove the id")
        }
        ErrorKind::ExpectedTermField { entry_id } => {
            (format!("the term `-{entry_id}` has no text"), "write the text after `=`, or remove the term")
        }
        ErrorKind::MissingDefaultVariant => {
            ("a choice of forms has no default".into(), "mark the form for all other cases with a star: `*[other]`")
        }
        ErrorKind::MultipleDefaultVariants => ("a choice of forms has two defaults".into(), "keep one star"),
        ErrorKind::MissingValue => ("a text is missing here".into(), "write it, or remove the name before it"),
        ErrorKind::UnterminatedStringLiteral => ("a quoted text has no end".into(), "add the closing quote"),
        ErrorKind::UnbalancedClosingBrace => {
            ("a `}` closes nothing".into(), "remove it; a brace to be said is written { \"}\" }")
        }
        ErrorKind::ExpectedInlineExpression => {
            ("nothing stands between the braces".into(), "write a slot there, such as { $date }")
        }
        ErrorKind::ExpectedSimpleExpressionAsSelector
        | ErrorKind::MessageReferenceAsSelector
        | ErrorKind::TermReferenceAsSelector
        | ErrorKind::MessageAttributeAsSelector => ("forms can only be chosen by a slot".into(), "write { $n -> … }"),
        ErrorKind::UnknownEscapeSequence(escape) | ErrorKind::InvalidUnicodeEscapeSequence(escape) => {
            (format!("`{escape}` is not an escape"), "use \\\\ , \\\" or \\u followed by four hexadecimal digits")
        }
        other => {
            (format!("the text cannot be read: {}", other.to_string().to_lowercase()), "see the Fluent syntax guide")
        }
    };
    (what, help.to_owned())
}
