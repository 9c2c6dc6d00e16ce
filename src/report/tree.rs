//! The menu tree as nested lists, each node coloured by the calls that are lost there.
//!
//! A node stands below the one from which a caller reaches it first; other ways to it are left out, and so are the ways every
//! node has alike (global keys, silence, mistakes, a service that is down).

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write,
};

use super::html::escaped;
use crate::{
    id::NodeId,
    script::{
        Script,
        graph::{self, Way},
    },
    sim::summary::Node,
};

/// Whom a node leads to, and by which way.
type Children = BTreeMap<usize, Vec<(usize, String)>>;

/// The tree of `script` with the figures of `nodes`, by name.
pub(super) fn tree(script: &Script, nodes: &[Node]) -> String {
    let figures: BTreeMap<&str, &Node> = nodes.iter().map(|node| (&*node.name, node)).collect();
    let most = nodes.iter().map(lost).fold(0.0, f64::max);
    let children = children(script);
    let mut html = String::from("<ul class=tree>");
    branch(&mut html, script, &children, (script.entry.index(), ""), &figures, most);
    html.push_str("</ul>");
    html
}

/// Calls lost at a node, in the menus and in the queue it leads to.
fn lost(node: &Node) -> f64 {
    node.lost + node.lost_waiting
}

/// By breadth first: the shortest way to each node.
fn children(script: &Script) -> Children {
    let mut children = Children::new();
    let mut known = vec![false; script.nodes.len()];
    let mut next = VecDeque::from([script.entry]);
    known[script.entry.index()] = true;
    while let Some(id) = next.pop_front() {
        let node = script.node(id);
        for edge in graph::edges(node) {
            let common =
                matches!(edge.way, Way::Global(_) | Way::Silence(_) | Way::Mistake(_) | Way::Unavailable | Way::Hangup);
            if common || std::mem::replace(&mut known[edge.to.index()], true) {
                continue;
            }
            let label = graph::label(script, node, &edge.way);
            children.entry(id.index()).or_default().push((edge.to.index(), label));
            next.push_back(edge.to);
        }
    }
    children
}

fn branch(
    html: &mut String,
    script: &Script,
    children: &Children,
    (node, way): (usize, &str),
    figures: &BTreeMap<&str, &Node>,
    most: f64,
) {
    let name = &*script.node(NodeId(node as u32)).name;
    html.push_str("<li>");
    row(html, name, way, figures.get(name).copied(), most);
    if let Some(below) = children.get(&node) {
        html.push_str("<ul>");
        for (child, way) in below {
            branch(html, script, children, (*child, way), figures, most);
        }
        html.push_str("</ul>");
    }
    html.push_str("</li>");
}

fn row(html: &mut String, name: &str, way: &str, node: Option<&Node>, most: f64) {
    let way = match way {
        "" => String::new(),
        way => format!("<kbd>{}</kbd> ", escaped(way)),
    };
    let Some(node) = node.filter(|node| node.visits > 0.0) else {
        let _ = write!(html, "<div class=node>{way}<span class=unseen>{}</span></div>", escaped(name));
        return;
    };
    // The eye tells few shades apart: the node with the most losses is darkest, and the root keeps small ones visible.
    let shade = if most > 0.0 { ((lost(node) / most).sqrt() * 100.0).round() } else { 0.0 };
    let share = 100.0 * lost(node) / node.visits;
    let _ = write!(
        html,
        "<div class=node style=\"--loss:{shade}%\">{way}<b>{}</b> <span class=figures>{:.0} visits · {:.1} lost ({share:.1} %)",
        escaped(name),
        node.visits,
        lost(node),
    );
    if node.no_input + node.no_match > 0.0 {
        let _ = write!(html, " · {:.1} silent, {:.1} wrong", node.no_input, node.no_match);
    }
    if let Some(seconds) = node.seconds {
        let _ = write!(html, " · {seconds:.1} s");
    }
    html.push_str("</span></div>");
}
