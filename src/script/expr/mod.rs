//! Expressions: text to tokens to a tree to a typed [`Expr`], every fault with its place inside the text.

mod parse;

use std::ops::Range;

use self::parse::{Part, Tree};
use super::{
    diagnostic::nearest,
    model::{Builtin, Comparison, Expr, HOLIDAY_SET, LANGUAGE_SET, SymbolSetDef},
    value::{Symbol, SymbolSet, Type, Value},
};
use crate::id::VarId;

/// Bytes of the expression.
pub type Span = Range<usize>;

/// Something wrong inside an expression.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where, in bytes of the expression.
    pub span: Span,
    /// Its kind.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    fn new(span: Span, code: &'static str, message: impl Into<String>) -> Fault {
        Fault { span, code, message: message.into(), help: None }
    }
    fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }
}

/// What the names of an expression mean.
pub trait Names {
    /// A variable and its type.
    fn variable(&self, name: &str) -> Option<(VarId, Type)>;
    /// Every variable that can be named here, for suggestions.
    fn variables(&self) -> Vec<&str>;
    /// Every symbol set.
    fn sets(&self) -> &[SymbolSetDef];
}

/// What the engine knows, by the name scripts use.
pub const BUILTINS: [(&str, Builtin, Type); 16] = [
    ("call.language", Builtin::Language, Type::Symbol(LANGUAGE_SET)),
    ("call.level", Builtin::Level, Type::Number),
    ("call.recording", Builtin::Recording, Type::Bool),
    ("call.has_number", Builtin::HasNumber, Type::Bool),
    ("call.entry", Builtin::LastEntry, Type::Digits),
    ("queue.position", Builtin::Position, Type::Number),
    ("queue.expected", Builtin::Expected, Type::Number),
    ("queue.waited", Builtin::Waited, Type::Number),
    ("queue.agents", Builtin::Agents, Type::Number),
    ("hours.opens", Builtin::Opens, Type::Time),
    ("hours.closes", Builtin::Closes, Type::Time),
    ("hours.reopens", Builtin::Reopens, Type::Date),
    ("hours.holiday", Builtin::Holiday, Type::Symbol(HOLIDAY_SET)),
    ("callback.from", Builtin::CallbackFrom, Type::Time),
    ("callback.to", Builtin::CallbackTo, Type::Time),
    ("today", Builtin::Today, Type::Date),
];

/// The name scripts use for a builtin.
pub fn builtin_name(builtin: Builtin) -> &'static str {
    BUILTINS.iter().find(|(_, b, _)| *b == builtin).map_or("", |(name, ..)| name)
}

/// Reads and types an expression. `expected` is the type it must have; without one, it may have any.
pub fn compile(text: &str, expected: Option<Type>, names: &dyn Names) -> Result<(Expr, Type), Vec<Fault>> {
    let tree = parse::parse(text).map_err(|fault| vec![fault])?;
    let mut typing = Typing { names, faults: Vec::new() };
    let kind = expected.or_else(|| typing.natural(&tree)).unwrap_or(match tree.part {
        Part::Number(..) | Part::Add(..) | Part::Sub(..) => Type::Number,
        _ => Type::Text,
    });
    let expr = typing.lower(&tree, kind);
    if typing.faults.is_empty() { Ok((expr, kind)) } else { Err(typing.faults) }
}

/// A quoted word as a value of a type; `None` when it is none.
pub fn word_value(word: &str, kind: Type, sets: &[SymbolSetDef]) -> Option<Value> {
    Some(match kind {
        Type::Symbol(set) => Value::Symbol(symbol(word, set, sets)?),
        Type::Digits => Value::Digits(word.parse().ok()?),
        Type::Text => Value::Text(word.into()),
        Type::Date => Value::Date(super::tree::parse_date(word)?),
        Type::Time => Value::Time(super::tree::parse_time(word)?),
        Type::Bool => Value::Bool(word.parse().ok()?),
        Type::Number => Value::Number(word.parse().ok()?),
        Type::Amount => Value::Amount(word.parse::<i64>().ok()?.checked_mul(100)?),
    })
}

/// A type in words, with its article.
pub fn type_name(kind: Type, sets: &[SymbolSetDef]) -> String {
    let words = match kind {
        Type::Bool => "a truth value",
        Type::Number => "a number",
        Type::Digits => "a string of digits",
        Type::Date => "a date",
        Type::Amount => "an amount",
        Type::Time => "a time of day",
        Type::Text => "a text",
        Type::Symbol(set) => {
            let name = sets.get(set.0 as usize).map_or("", |set| &set.name);
            return format!("a word of `{name}`");
        }
    };
    words.to_owned()
}

fn symbol(word: &str, set: SymbolSet, sets: &[SymbolSetDef]) -> Option<Symbol> {
    let place = sets.get(set.0 as usize)?.words.iter().position(|w| &**w == word)?;
    Some(Symbol { set, word: place as u16 })
}

struct Typing<'a> {
    names: &'a dyn Names,
    faults: Vec<Fault>,
}

impl Typing<'_> {
    /// The type a tree has by itself; `None` for literals that take the type of what they stand beside.
    fn natural(&self, tree: &Tree) -> Option<Type> {
        match &tree.part {
            Part::Bool(_) | Part::Not(_) | Part::And(..) | Part::Or(..) | Part::Compare(..) => Some(Type::Bool),
            Part::Number(_, 1..) => Some(Type::Amount),
            Part::Number(..) | Part::Word(_) => None,
            Part::Date(_) => Some(Type::Date),
            Part::Time(_) => Some(Type::Time),
            Part::Name(name) => self.name(name).map(|(_, kind)| kind),
            Part::Add(l, r) | Part::Sub(l, r) => self.natural(l).or_else(|| self.natural(r)),
        }
    }

    fn name(&self, name: &str) -> Option<(Expr, Type)> {
        if let Some((var, kind)) = self.names.variable(name) {
            return Some((Expr::Var(var), kind));
        }
        BUILTINS.iter().find(|(n, ..)| *n == name).map(|&(_, builtin, kind)| (Expr::Builtin(builtin), kind))
    }

    fn fault(&mut self, fault: Fault) -> Expr {
        self.faults.push(fault);
        Expr::Const(Value::Unset)
    }

    fn lower(&mut self, tree: &Tree, kind: Type) -> Expr {
        let is = |own: Type| own == kind;
        match &tree.part {
            Part::Bool(b) if is(Type::Bool) => Expr::Const(Value::Bool(*b)),
            Part::Number(n, 0) if is(Type::Number) => Expr::Const(Value::Number(*n)),
            Part::Number(n, places) if is(Type::Amount) => {
                Expr::Const(Value::Amount(n.saturating_mul(10_i64.pow(2 - u32::from(*places)))))
            }
            Part::Date(date) if is(Type::Date) => Expr::Const(Value::Date(*date)),
            Part::Time(time) if is(Type::Time) => Expr::Const(Value::Time(*time)),
            Part::Word(word) => self.word(word, kind, &tree.span),
            Part::Name(name) => self.named(name, kind, &tree.span),
            Part::Not(inner) if is(Type::Bool) => Expr::Not(Box::new(self.lower(inner, Type::Bool))),
            Part::And(l, r) if is(Type::Bool) => {
                Expr::And(Box::new(self.lower(l, Type::Bool)), Box::new(self.lower(r, Type::Bool)))
            }
            Part::Or(l, r) if is(Type::Bool) => {
                Expr::Or(Box::new(self.lower(l, Type::Bool)), Box::new(self.lower(r, Type::Bool)))
            }
            Part::Compare(op, l, r) if is(Type::Bool) => self.compare(*op, l, r, &tree.span),
            Part::Add(l, r) if is(Type::Number) || is(Type::Amount) => {
                Expr::Add(Box::new(self.lower(l, kind)), Box::new(self.lower(r, kind)))
            }
            Part::Sub(l, r) if is(Type::Number) || is(Type::Amount) => {
                Expr::Sub(Box::new(self.lower(l, kind)), Box::new(self.lower(r, kind)))
            }
            _ => {
                let own = self.natural(tree).unwrap_or(Type::Number);
                self.mismatch(own, kind, &tree.span)
            }
        }
    }

    fn mismatch(&mut self, own: Type, wanted: Type, span: &Span) -> Expr {
        let sets = self.names.sets();
        let (own, wanted) = (type_name(own, sets), type_name(wanted, sets));
        self.fault(Fault::new(span.clone(), "type-mismatch", format!("this is {own}, but {wanted} is needed here")))
    }

    fn word(&mut self, word: &str, kind: Type, span: &Span) -> Expr {
        let sets = self.names.sets();
        let fits = matches!(kind, Type::Symbol(_) | Type::Digits | Type::Text);
        if let Some(value) = word_value(word, kind, sets).filter(|_| fits) {
            return Expr::Const(value);
        }
        let Type::Symbol(set) = kind else {
            let wanted = type_name(kind, sets);
            let message = format!("'{word}' is a quoted word, but {wanted} is needed here");
            return self.fault(Fault::new(span.clone(), "type-mismatch", message));
        };
        let def = &sets[set.0 as usize];
        let words: Vec<&str> = def.words.iter().map(|w| &**w).collect();
        let help = match nearest(word, words.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("its words are: {}", words.join(", ")),
        };
        let message = format!("`{word}` is not a word of the set `{}`", def.name);
        self.fault(Fault::new(span.clone(), "unknown-word", message).help(help))
    }

    fn named(&mut self, name: &str, kind: Type, span: &Span) -> Expr {
        match self.name(name) {
            Some((expr, own)) if own == kind => expr,
            Some((_, own)) => self.mismatch(own, kind, span),
            None => {
                let known = self.names.variables().into_iter().chain(BUILTINS.iter().map(|(name, ..)| *name));
                let help = match nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "declare it in [vars] or in [flow], or quote it if it is a word".to_owned(),
                };
                let message = format!("there is no variable `{name}` here");
                self.fault(Fault::new(span.clone(), "unknown-variable", message).help(help))
            }
        }
    }

    fn compare(&mut self, op: Comparison, left: &Tree, right: &Tree, span: &Span) -> Expr {
        let natural = self.natural(left).or_else(|| self.natural(right));
        let Some(kind) = natural.or_else(|| numbers(left, right)) else {
            // An unknown name is reported as itself, not as a riddle about types.
            let before = self.faults.len();
            for side in [left, right] {
                if matches!(side.part, Part::Name(_)) {
                    self.lower(side, Type::Number);
                }
            }
            if self.faults.len() == before {
                let message = "two quoted words are compared, so that the result never changes";
                self.faults
                    .push(Fault::new(span.clone(), "type-mismatch", message).help("compare a variable with a word"));
            }
            return Expr::Const(Value::Unset);
        };
        let ordered = !matches!(op, Comparison::Equal | Comparison::NotEqual);
        if ordered && matches!(kind, Type::Bool | Type::Symbol(_) | Type::Text | Type::Digits) {
            let message = format!("{} has no order", type_name(kind, self.names.sets()));
            return self.fault(Fault::new(span.clone(), "type-mismatch", message).help("compare it with == or !="));
        }
        Expr::Compare(op, Box::new(self.lower(left, kind)), Box::new(self.lower(right, kind)))
    }
}

fn numbers(left: &Tree, right: &Tree) -> Option<Type> {
    let number = |tree: &Tree| matches!(tree.part, Part::Number(..) | Part::Add(..) | Part::Sub(..));
    (number(left) && number(right)).then_some(Type::Number)
}

/// The type an expression has by itself, when it can be read and its names are known; `None` for a bare literal that takes
/// the type of what it fills.
pub fn natural(text: &str, names: &dyn Names) -> Option<Type> {
    let tree = parse::parse(text).ok()?;
    Typing { names, faults: Vec::new() }.natural(&tree)
}
