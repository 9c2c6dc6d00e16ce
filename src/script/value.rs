//! What a script's variables, conditions and prompt slots hold: typed values.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    pii::Digits,
    time::{Date, TimeOfDay},
};

/// The type of a variable, argument or prompt slot. It also fixes how the value is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// `true` or `false`; cannot be said.
    Bool,
    /// A whole number; said as a number, and chooses plural forms.
    Number,
    /// A string of digits; said digit by digit in groups of three.
    Digits,
    /// A civil date; said as day, month name, year.
    Date,
    /// An amount of money in centimes; said in dirhams.
    Amount,
    /// A time of day; said as hours and minutes.
    Time,
    /// One of a closed set of words; said by the prompt `<set>.<word>`.
    Symbol(SymbolSet),
    /// Free text supplied by a service (the name of an agency); said as it is.
    Text,
}

/// Which closed set of words a symbol belongs to: an index into the script's sets, the catalogue's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SymbolSet(pub u8);

/// One word of a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Symbol {
    /// The set the word belongs to.
    pub set: SymbolSet,
    /// Its place in the set.
    pub word: u16,
}

/// A value. Small and cheap to clone; only [`Value::Text`] shares memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Not set. The checker proves that no script reads it.
    #[default]
    Unset,
    /// See [`Type::Bool`].
    Bool(bool),
    /// See [`Type::Number`].
    Number(i64),
    /// See [`Type::Digits`].
    Digits(Digits),
    /// See [`Type::Date`].
    Date(Date),
    /// Centimes; see [`Type::Amount`].
    Amount(i64),
    /// See [`Type::Time`].
    Time(TimeOfDay),
    /// See [`Type::Symbol`].
    Symbol(Symbol),
    /// See [`Type::Text`].
    Text(Arc<str>),
}

impl Value {
    /// The type of the value; `None` when unset.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Value::Unset => return None,
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::Digits(_) => Type::Digits,
            Value::Date(_) => Type::Date,
            Value::Amount(_) => Type::Amount,
            Value::Time(_) => Type::Time,
            Value::Symbol(symbol) => Type::Symbol(symbol.set),
            Value::Text(_) => Type::Text,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Bool => "bool",
            Type::Number => "number",
            Type::Digits => "digits",
            Type::Date => "date",
            Type::Amount => "amount",
            Type::Time => "time",
            Type::Symbol(_) => "symbol",
            Type::Text => "text",
        })
    }
}
