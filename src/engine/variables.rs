//! A call's variables: what the script gives them at first, and what the call has made of them.

use crate::{
    id::VarId,
    script::{model::Variable, value::Value},
};

/// The variables of a call on one version of a script. Few are changed in a call, so that those are noted, and the memory of a
/// call that has ended is made that of a new one by what it changed alone.
#[derive(Clone, Debug)]
pub(crate) struct Variables {
    values: Vec<Value>,
    /// Which differ from what the script gave them, a bit each.
    changed: Vec<u64>,
}

impl Variables {
    /// As a call has them at the entry of a script.
    pub(crate) fn new(given: &[Variable]) -> Variables {
        let values: Vec<Value> = given.iter().map(|variable| variable.initial.clone()).collect();
        let changed = vec![0; values.len().div_ceil(64)];
        Variables { values, changed }
    }

    /// As new, of a script whose variables these are already.
    pub(crate) fn begin_again(&mut self, given: &[Variable]) {
        for (word, bits) in self.changed.iter_mut().enumerate() {
            let mut rest = std::mem::take(bits);
            while rest != 0 {
                let place = word * 64 + rest.trailing_zeros() as usize;
                self.values[place] = given[place].initial.clone();
                rest &= rest - 1;
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: VarId) -> &Value {
        &self.values[id.index()]
    }

    /// A variable, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: VarId) -> &mut Value {
        let place = id.index();
        self.changed[place / 64] |= 1 << (place % 64);
        &mut self.values[place]
    }

    /// All, in the order of the script.
    pub(crate) fn all(&self) -> &[Value] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::value::Type;

    #[test]
    fn what_was_changed_is_as_the_script_gave_it_again() {
        let variable = |n: i64| Variable { name: "n".into(), kind: Type::Number, initial: Value::Number(n) };
        let given: Vec<Variable> = (0..70).map(variable).collect();
        let new = Variables::new(&given);
        let mut used = new.clone();
        for place in [0, 63, 64, 69] {
            *used.get_mut(VarId(place)) = Value::Bool(true);
        }
        assert_eq!(used.get(VarId(64)), &Value::Bool(true));
        used.begin_again(&given);
        assert_eq!((used.all(), &used.changed), (new.all(), &new.changed));
    }
}
