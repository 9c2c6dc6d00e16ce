//! What a node reads: the expressions of its prompts, conditions and arguments.

use super::{
    super::{
        graph,
        model::{Assignment, Expr, Node, NodeKind, PromptUse, QueueRef, Target},
    },
    values::Known,
};
use crate::id::VarId;

/// Something read at a node.
pub(super) struct Read<'s> {
    pub expr: &'s Expr,
    /// The prompt it fills, when it fills one.
    pub prompt: Option<&'s PromptUse>,
    /// Facts of the engine that hold here besides those of the node.
    pub also: Option<Known>,
    /// Variables that are set by now besides those set before the node.
    pub set: Vec<VarId>,
}

/// Calls `f` with every leaf of an expression.
pub(super) fn leaves<'e>(expr: &'e Expr, f: &mut impl FnMut(&'e Expr)) {
    match expr {
        Expr::Const(_) | Expr::Var(_) | Expr::Builtin(_) => f(expr),
        Expr::Not(inner) => leaves(inner, f),
        Expr::And(l, r) | Expr::Or(l, r) | Expr::Compare(_, l, r) | Expr::Add(l, r) | Expr::Sub(l, r) => {
            leaves(l, f);
            leaves(r, f);
        }
    }
}

/// Everything a node reads, in the order in which it is read.
pub(super) fn all_reads(node: &Node) -> impl Iterator<Item = &Expr> {
    reads(node).into_iter().map(|read| read.expr)
}

/// The same with what holds where it is read.
pub(super) fn reads(node: &Node) -> Vec<Read<'_>> {
    let mut all = Vec::new();
    let callback = matches!(node.kind, NodeKind::Callback { .. }).then_some(Known::Callback);
    uses(&node.prompts, callback, &mut all);
    if graph::awaits_keys(&node.kind) {
        // What did not do as an entry is readable where that is said.
        let keyed = matches!(&node.kind, NodeKind::Collect(collect) if !collect.secret).then_some(Known::Entry);
        node.input.no_input.steps.iter().for_each(|step| uses(&step.prompts, None, &mut all));
        node.input.no_match.steps.iter().for_each(|step| uses(&step.prompts, keyed, &mut all));
    }
    let mut plain = |expr| all.push(Read { expr, prompt: None, also: None, set: Vec::new() });
    match &node.kind {
        NodeKind::Menu { choices } => choices.iter().filter_map(|c| c.when.as_ref()).for_each(plain),
        NodeKind::Collect(collect) => {
            if let Some(expr) = &collect.valid {
                all.push(Read { expr, prompt: None, also: Some(Known::Entry), set: vec![collect.into] });
            }
        }
        NodeKind::Authenticate(auth) => {
            uses(&auth.prompts.claim, None, &mut all);
            uses(&auth.prompts.birth, None, &mut all);
        }
        NodeKind::Lookup { arguments, .. } => arguments.iter().for_each(plain),
        NodeKind::Set { assignments, .. } => set_reads(assignments, &mut all),
        NodeKind::Call { with: values, .. } | NodeKind::Return { values } => {
            values.iter().for_each(|assignment| plain(&assignment.value));
        }
        NodeKind::Branch { arms, .. } => arms.iter().for_each(|(when, _)| plain(when)),
        NodeKind::Switch { on, .. } => plain(on),
        NodeKind::Queue(queue) => {
            for step in &queue.treatment {
                let when = step.when.as_ref();
                all.extend(when.map(|expr| Read { expr, prompt: None, also: Some(Known::Queue), set: Vec::new() }));
                uses(&step.prompts, Some(Known::Queue), &mut all);
            }
        }
        NodeKind::Survey { questions, .. } => questions.iter().for_each(|q| uses(&q.prompts, None, &mut all)),
        _ => {}
    }
    all
}

/// Values assigned in order: a later one may read what an earlier one set.
fn set_reads<'n>(assignments: &'n [Assignment], all: &mut Vec<Read<'n>>) {
    let mut set = Vec::new();
    for assignment in assignments {
        all.push(Read { expr: &assignment.value, prompt: None, also: None, set: set.clone() });
        if let Target::Var(id) = assignment.target {
            set.push(id);
        }
    }
}

fn uses<'n>(prompts: &'n [PromptUse], also: Option<Known>, all: &mut Vec<Read<'n>>) {
    for used in prompts {
        all.extend(used.when.as_ref().map(|expr| Read { expr, prompt: None, also, set: Vec::new() }));
        all.extend(used.args.iter().map(|expr| Read { expr, prompt: Some(used), also, set: Vec::new() }));
    }
}

/// The variable that chooses a node's queue.
pub(super) fn queue_variable(kind: &NodeKind) -> Option<VarId> {
    match kind {
        NodeKind::Queue(queue) => match queue.queue {
            QueueRef::Var(id) => Some(id),
            QueueRef::Fixed(_) => None,
        },
        NodeKind::Callback { queue: QueueRef::Var(id), .. } => Some(*id),
        _ => None,
    }
}
