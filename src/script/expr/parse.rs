//! From text to tokens to a tree. Nothing is known of names and types yet.

use super::{Fault, Span};
use crate::{
    script::{model::Comparison, tree},
    time::{Date, TimeOfDay},
};

/// A tree with the place of each part.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub span: Span,
    pub part: Part,
}

/// What a part of an expression is.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Bool(bool),
    /// A number without a point; the second part counts digits after a point, which only amounts may have.
    Number(i64, u8),
    /// A quoted word: a symbol, digits or text, as the other side demands.
    Word(String),
    Date(Date),
    Time(TimeOfDay),
    Name(String),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Bool(bool),
    Number(i64, u8),
    Word(String),
    Date(Date),
    Time(TimeOfDay),
    Name(String),
    And,
    Or,
    Not,
    Compare(Comparison),
    Plus,
    Minus,
    Open,
    Close,
}

/// How deep parentheses and `not` may nest; a person writes two or three.
const MAX_DEPTH: u32 = 40;

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Tree, Fault> {
    let tokens = Lexer { text, at: 0 }.run()?;
    let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
    let tree = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(tree),
        Some((Token::Close, span)) => Err(Fault::new(span.clone(), "bad-expression", "this `)` closes nothing")),
        Some((_, span)) => Err(Fault::new(span.clone(), "bad-expression", "an operator is missing before this")
            .help("join conditions with `and` or `or`")),
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn run(mut self) -> Result<Vec<(Token, Span)>, Fault> {
        let mut tokens = Vec::new();
        loop {
            self.at += self.text[self.at..].len() - self.text[self.at..].trim_start().len();
            if self.at == self.text.len() {
                return Ok(tokens);
            }
            let start = self.at;
            let token = self.token()?;
            tokens.push((token, start..self.at));
        }
    }

    /// Takes the longest run of bytes that `fits`.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &str {
        let rest = &self.text[self.at..];
        let len = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn token(&mut self) -> Result<Token, Fault> {
        let rest = &self.text[self.at..];
        let first = rest.chars().next().unwrap_or(' ');
        for (mark, token) in [
            ("==", Token::Compare(Comparison::Equal)),
            ("!=", Token::Compare(Comparison::NotEqual)),
            ("<=", Token::Compare(Comparison::LessOrEqual)),
            (">=", Token::Compare(Comparison::GreaterOrEqual)),
            ("<", Token::Compare(Comparison::Less)),
            (">", Token::Compare(Comparison::Greater)),
            ("+", Token::Plus),
            ("-", Token::Minus),
            ("(", Token::Open),
            (")", Token::Close),
        ] {
            if rest.starts_with(mark) {
                self.at += mark.len();
                return Ok(token);
            }
        }
        match first {
            '\'' | '"' => self.word(first),
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => {
                let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
                Ok(match name {
                    "true" => Token::Bool(true),
                    "false" => Token::Bool(false),
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    _ => Token::Name(name.to_owned()),
                })
            }
            _ => {
                let span = self.at..self.at + first.len_utf8();
                let help = match first {
                    '=' => "write `==` to compare",
                    '&' => "write `and`",
                    '|' => "write `or`",
                    '!' => "write `not`",
                    _ => "quote words: 'word'",
                };
                Err(Fault::new(span, "bad-expression", format!("`{first}` means nothing here")).help(help))
            }
        }
    }

    fn word(&mut self, quote: char) -> Result<Token, Fault> {
        let start = self.at;
        self.at += 1;
        let word = self.take(|c| c != quote).to_owned();
        if self.at == self.text.len() {
            return Err(Fault::new(start..self.at, "bad-expression", format!("the closing {quote} is missing")));
        }
        self.at += 1;
        Ok(Token::Word(word))
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        if let Some(date) = self.text.get(start..start + 10).and_then(tree::parse_date) {
            self.at += 10;
            return Ok(Token::Date(date));
        }
        let text = self.take(|c| c.is_ascii_digit() || c == ':' || c == '.').to_owned();
        let fault = |message: String| Fault::new(start..start + text.len(), "bad-expression", message);
        if text.contains(':') {
            return match tree::parse_time(&text) {
                Some(time) => Ok(Token::Time(time)),
                None => Err(fault(format!("`{text}` is not a time of day")).help("write it like 08:30")),
            };
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let number = format!("{whole}{fraction}").parse();
        match number {
            Ok(n) if fraction.len() <= 2 && !text.ends_with('.') => Ok(Token::Number(n, fraction.len() as u8)),
            _ => Err(fault(format!("`{text}` is not a number"))
                .help("numbers are whole; amounts may have two digits after the point")),
        }
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    end: usize,
    depth: u32,
}

fn join(left: Tree, right: Tree, part: impl FnOnce(Box<Tree>, Box<Tree>) -> Part) -> Tree {
    Tree { span: left.span.start..right.span.end, part: part(Box::new(left), Box::new(right)) }
}

impl Parser {
    fn eat(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|(t, _)| t == token);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Tree, Fault> {
        let mut left = self.and()?;
        while self.eat(&Token::Or) {
            left = join(left, self.and()?, Part::Or);
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Tree, Fault> {
        let mut left = self.not()?;
        while self.eat(&Token::And) {
            left = join(left, self.not()?, Part::And);
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Tree, Fault> {
        let start = self.tokens.get(self.at).map_or(self.end, |(_, span)| span.start);
        if !self.eat(&Token::Not) {
            return self.comparison();
        }
        self.deeper(start)?;
        let inner = self.not()?;
        self.depth -= 1;
        Ok(Tree { span: start..inner.span.end, part: Part::Not(Box::new(inner)) })
    }

    fn deeper(&mut self, start: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::new(start..self.end, "bad-expression", "the expression nests too deep")
                .help("set a variable to a part of it first"));
        }
        Ok(())
    }

    fn comparison(&mut self) -> Result<Tree, Fault> {
        let left = self.sum()?;
        let Some((Token::Compare(op), _)) = self.tokens.get(self.at) else { return Ok(left) };
        let op = *op;
        self.at += 1;
        let right = self.sum()?;
        if let Some((Token::Compare(_), span)) = self.tokens.get(self.at) {
            let help = "compare two at a time: a < b and b < c";
            return Err(Fault::new(span.clone(), "bad-expression", "comparisons do not chain").help(help));
        }
        Ok(join(left, right, |l, r| Part::Compare(op, l, r)))
    }

    fn sum(&mut self) -> Result<Tree, Fault> {
        let mut left = self.operand()?;
        loop {
            if self.eat(&Token::Plus) {
                left = join(left, self.operand()?, Part::Add);
            } else if self.eat(&Token::Minus) {
                left = join(left, self.operand()?, Part::Sub);
            } else {
                return Ok(left);
            }
        }
    }

    fn operand(&mut self) -> Result<Tree, Fault> {
        let Some((token, span)) = self.tokens.get(self.at).cloned() else {
            return Err(Fault::new(self.end..self.end, "bad-expression", "something is missing here"));
        };
        self.at += 1;
        let part = match token {
            Token::Bool(b) => Part::Bool(b),
            Token::Number(n, places) => Part::Number(n, places),
            Token::Word(word) => Part::Word(word),
            Token::Date(date) => Part::Date(date),
            Token::Time(time) => Part::Time(time),
            Token::Name(name) => Part::Name(name),
            Token::Minus => return self.negative(span),
            Token::Open => {
                self.deeper(span.start)?;
                let inner = self.or()?;
                self.depth -= 1;
                let closed = self.tokens.get(self.at).map_or(self.end, |(_, s)| s.end);
                if !self.eat(&Token::Close) {
                    return Err(Fault::new(span, "bad-expression", "this `(` is not closed"));
                }
                return Ok(Tree { span: span.start..closed, part: inner.part });
            }
            _ => {
                return Err(Fault::new(span, "bad-expression", "a value or a name must stand here"));
            }
        };
        Ok(Tree { span, part })
    }

    fn negative(&mut self, minus: Span) -> Result<Tree, Fault> {
        match self.tokens.get(self.at).cloned() {
            Some((Token::Number(n, places), span)) => {
                self.at += 1;
                Ok(Tree { span: minus.start..span.end, part: Part::Number(-n, places) })
            }
            _ => Err(Fault::new(minus, "bad-expression", "only a number can be negative").help("write 0 - x")),
        }
    }
}
