//! Evaluating a script's expressions for a call.

use crate::{
    engine::{Sink, call::Call, turn::Turn},
    id::CallId,
    script::{
        catalogue::AccessLevel,
        model::{Builtin, Comparison, Expr, LANGUAGE_SET},
        value::{Symbol, Value},
    },
};

impl<S: Sink> Turn<'_, S> {
    /// Whether a condition holds; none given holds.
    #[inline]
    pub(in crate::engine) fn holds(&self, id: CallId, condition: Option<&Expr>) -> bool {
        let Some(condition) = condition else { return true };
        if let Expr::Const(Value::Bool(holds)) = condition {
            return *holds;
        }
        self.state.calls.get(id).is_some_and(|call| self.eval(call, condition) == Value::Bool(true))
    }

    /// The value of an expression.
    pub(in crate::engine) fn value(&self, id: CallId, expr: &Expr) -> Value {
        self.state.calls.get(id).map_or(Value::Unset, |call| self.eval(call, expr))
    }

    fn eval(&self, call: &Call, expr: &Expr) -> Value {
        let truth = |expr: &Expr| self.eval(call, expr) == Value::Bool(true);
        match expr {
            Expr::Const(value) => value.clone(),
            Expr::Var(id) => call.menus().vars.get(*id).clone(),
            Expr::Builtin(builtin) => self.builtin(call, *builtin),
            Expr::Not(inner) => Value::Bool(!truth(inner)),
            Expr::And(left, right) => Value::Bool(truth(left) && truth(right)),
            Expr::Or(left, right) => Value::Bool(truth(left) || truth(right)),
            Expr::Compare(how, left, right) => {
                Value::Bool(compare(*how, &self.eval(call, left), &self.eval(call, right)))
            }
            Expr::Add(left, right) => combine(self.eval(call, left), self.eval(call, right), i64::saturating_add),
            Expr::Sub(left, right) => combine(self.eval(call, left), self.eval(call, right), i64::saturating_sub),
        }
    }

    fn builtin(&self, call: &Call, builtin: Builtin) -> Value {
        let outlook = || self.outlook(call.id);
        let hours =
            |get: fn(&crate::script::calendar::Hours) -> Value| call.menus().hours.as_ref().map_or(Value::Unset, get);
        match builtin {
            Builtin::Language => Value::Symbol(Symbol { set: LANGUAGE_SET, word: call.language.0.into() }),
            Builtin::Level => Value::Number(match call.menus().level {
                AccessLevel::L0 => 0,
                AccessLevel::L1 => 1,
                AccessLevel::L2 => 2,
            }),
            Builtin::Recording => Value::Bool(call.menus().recording),
            Builtin::HasNumber => Value::Bool(call.caller.is_some()),
            Builtin::LastEntry => Value::Digits(call.menus().last_entry),
            Builtin::Position => Value::Number(outlook().0.into()),
            Builtin::Expected => Value::Number(outlook().1.as_mins_ceil() as i64),
            Builtin::Waited => {
                let since = call.place.as_ref().map_or(self.state.now, |place| place.since);
                Value::Number((self.state.now.since(since).as_secs() / 60) as i64)
            }
            Builtin::Agents => {
                let agents = call.place.as_ref().map_or(0, |p| self.state.acd.agents_for(p.queue, p.language));
                Value::Number(agents.into())
            }
            Builtin::Opens => hours(|h| Value::Time(h.opens)),
            Builtin::Closes => hours(|h| Value::Time(h.closes)),
            Builtin::Reopens => hours(|h| Value::Date(h.date)),
            Builtin::Holiday => hours(|h| h.holiday.map_or(Value::Unset, Value::Symbol)),
            Builtin::CallbackFrom => call.menus().promise.map_or(Value::Unset, |(from, _)| Value::Time(from)),
            Builtin::CallbackTo => call.menus().promise.map_or(Value::Unset, |(_, to)| Value::Time(to)),
            Builtin::Today => Value::Date(self.state.clock.local(self.state.now).0),
        }
    }
}

/// Compares two values of one type; values of different types, which the checker excludes, are unequal and unordered.
fn compare(how: Comparison, left: &Value, right: &Value) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) | (Value::Amount(a), Value::Amount(b)) => Some(a.cmp(b)),
        (Value::Digits(a), Value::Digits(b)) => Some(a.as_number().cmp(&b.as_number()).then(a.len().cmp(&b.len()))),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match how {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => order == Some(Less),
        Comparison::LessOrEqual => matches!(order, Some(Less | Equal)),
        Comparison::Greater => order == Some(Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Greater | Equal)),
    }
}

fn combine(left: Value, right: Value, op: fn(i64, i64) -> i64) -> Value {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::Number(op(a, b)),
        (Value::Amount(a), Value::Amount(b)) => Value::Amount(op(a, b)),
        _ => Value::Unset,
    }
}
