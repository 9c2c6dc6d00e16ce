//! The menu tree as a drawing: Mermaid text, and SVG laid out without any other program.

use std::{collections::BTreeMap, fmt::Write};

use layout::{
    backends::svg::SVGWriter,
    core::{base::Orientation, color::Color, geometry::Point, style::StyleAttr},
    std_shapes::shapes::{Arrow, Element, ShapeKind},
    topo::layout::VisualGraph,
};

use super::{
    graph::{self, Way},
    model::{Node, NodeKind, Script},
};

/// What a drawing shows.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// Only this flow, and the nodes of others it leads to.
    pub flow: Option<String>,
    /// Also global keys, silence, mistakes, unavailable services and hang-ups, which most nodes have alike.
    pub all: bool,
}

/// Nodes and labelled ways of a drawing, in the order of the script.
struct Picture<'s> {
    script: &'s Script,
    /// By node: whether it belongs to the flow that is drawn.
    nodes: BTreeMap<usize, bool>,
    ways: BTreeMap<(usize, usize), Vec<String>>,
}

impl<'s> Picture<'s> {
    fn new(script: &'s Script, drawing: &Drawing) -> Picture<'s> {
        let own = |node: &Node| drawing.flow.as_ref().is_none_or(|flow| flow_of(node) == flow);
        let mut picture = Picture { script, nodes: BTreeMap::new(), ways: BTreeMap::new() };
        for (i, node) in script.nodes.iter().enumerate().filter(|(_, node)| own(node)) {
            picture.nodes.insert(i, true);
            for edge in graph::edges(node) {
                let common = matches!(
                    edge.way,
                    Way::Global(_) | Way::Silence(_) | Way::Mistake(_) | Way::Unavailable | Way::Hangup
                );
                if common && !drawing.all {
                    continue;
                }
                let to = edge.to.index();
                picture.nodes.entry(to).or_insert(own(&script.nodes[to]));
                let labels = picture.ways.entry((i, to)).or_default();
                let label = graph::label(script, node, &edge.way);
                if !label.is_empty() && !labels.contains(&label) {
                    labels.push(label);
                }
            }
        }
        picture
    }

    /// Name, kind and prompts, a line each. Ids only: they are short, and the same in every language.
    fn lines(&self, i: usize) -> Vec<String> {
        let node = &self.script.nodes[i];
        let mut lines = vec![node.name.to_string(), kind_name(&node.kind)];
        let mut prompts: Vec<&str> = Vec::new();
        for prompt in graph::said(node) {
            let name = &*self.script.prompts.get(prompt).name;
            if !prompts.contains(&name) {
                prompts.push(name);
            }
        }
        if prompts.len() > 3 {
            prompts.truncate(3);
            prompts.push("…");
        }
        if !prompts.is_empty() {
            lines.push(prompts.join(", "));
        }
        lines
    }
}

fn flow_of(node: &Node) -> &str {
    node.name.split_once('.').map_or("", |(flow, _)| flow)
}

/// The kind of a node in a word or two.
fn kind_name(kind: &NodeKind) -> String {
    match kind {
        NodeKind::Say { .. } => "say".to_owned(),
        NodeKind::Menu { .. } => "menu".to_owned(),
        NodeKind::Collect(collect) => format!("collect {}", collect.kind),
        NodeKind::Confirm { .. } => "confirm".to_owned(),
        NodeKind::Authenticate(auth) => format!("authenticate {:?}", auth.level),
        NodeKind::Lookup { service, .. } => format!("lookup {}", service.entry().name),
        NodeKind::Set { .. } => "set".to_owned(),
        NodeKind::Branch { .. } => "branch".to_owned(),
        NodeKind::Switch { .. } => "switch".to_owned(),
        NodeKind::Hours { .. } => "hours".to_owned(),
        NodeKind::Language { .. } => "language".to_owned(),
        NodeKind::Split { .. } => "split".to_owned(),
        NodeKind::Loop { times, .. } => format!("loop {times}"),
        NodeKind::Call { .. } => "call".to_owned(),
        NodeKind::Return { .. } => "return".to_owned(),
        NodeKind::Goto { .. } => "goto".to_owned(),
        NodeKind::Queue(_) => "queue".to_owned(),
        NodeKind::Callback { .. } => "callback".to_owned(),
        NodeKind::Transfer { destination } => format!("transfer {destination}"),
        NodeKind::Record { .. } => "record".to_owned(),
        NodeKind::Survey { .. } => "survey".to_owned(),
        NodeKind::End { .. } => "end".to_owned(),
    }
}

/// What a node is to a caller, for shape and colour.
enum Look {
    Input,
    Decision,
    Waiting,
    End,
    Plain,
}

fn look(kind: &NodeKind) -> Look {
    match kind {
        NodeKind::Queue(_) | NodeKind::Callback { .. } => Look::Waiting,
        NodeKind::End { .. } | NodeKind::Transfer { .. } | NodeKind::Return { .. } => Look::End,
        NodeKind::Branch { .. }
        | NodeKind::Switch { .. }
        | NodeKind::Hours { .. }
        | NodeKind::Split { .. }
        | NodeKind::Loop { .. }
        | NodeKind::Lookup { .. } => Look::Decision,
        NodeKind::Record { .. } | NodeKind::Survey { .. } => Look::Input,
        kind if graph::awaits_keys(kind) => Look::Input,
        _ => Look::Plain,
    }
}

/// The menu tree as Mermaid text, a box for each flow.
pub fn mermaid(script: &Script, drawing: &Drawing) -> String {
    let picture = Picture::new(script, drawing);
    let mut text = String::from("flowchart LR\n");
    let mut flows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (&i, &own) in &picture.nodes {
        if own {
            flows.entry(flow_of(&script.nodes[i])).or_default().push(i);
        }
    }
    // Writing to a string cannot fail.
    for flow in script.flows.iter().filter(|flow| flows.contains_key(&*flow.name)) {
        let _ = writeln!(text, "  subgraph {}[\"{}\"]", identifier("f", &flow.name), escape(&flow.name));
        for &i in &flows[&*flow.name] {
            let _ = writeln!(text, "    {}", box_of(&picture, i));
        }
        text.push_str("  end\n");
    }
    for (&i, _) in picture.nodes.iter().filter(|(_, own)| !**own) {
        let _ = writeln!(text, "  {}", box_of(&picture, i));
    }
    for ((from, to), labels) in &picture.ways {
        let label = if labels.is_empty() { String::new() } else { format!("|\"{}\"|", escape(&labels.join(", "))) };
        let _ = writeln!(text, "  n{from} -->{label} n{to}");
    }
    text
}

/// A name Mermaid takes for an identifier.
fn identifier(prefix: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("{prefix}_{}", name.chars().map(plain).collect::<String>())
}

fn box_of(picture: &Picture<'_>, i: usize) -> String {
    let label = picture.lines(i).iter().map(|line| escape(line)).collect::<Vec<_>>().join("<br/>");
    let (open, close) = match look(&picture.script.nodes[i].kind) {
        Look::Input => ("[/", "/]"),
        Look::Decision => ("{", "}"),
        Look::Waiting => ("[[", "]]"),
        Look::End => ("([", "])"),
        Look::Plain => ("[", "]"),
    };
    format!("n{i}{open}\"{label}\"{close}")
}

/// Mermaid reads quotes and signs of its own inside labels; entities are safe.
fn escape(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}

/// The menu tree as an SVG image.
pub fn svg(script: &Script, drawing: &Drawing) -> String {
    let picture = Picture::new(script, drawing);
    let mut graph = VisualGraph::new(Orientation::LeftToRight);
    let mut handles = BTreeMap::new();
    for (&i, &own) in &picture.nodes {
        let lines = picture.lines(i);
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(1) as f64 * 8.5 + 16.0;
        let height = lines.len() as f64 * 18.0 + 14.0;
        let element = Element::create(
            ShapeKind::new_box(&lines.join("\n")),
            style(&script.nodes[i], own),
            Orientation::LeftToRight,
            Point::new(width, height),
        );
        handles.insert(i, graph.add_node(element));
    }
    for ((from, to), labels) in &picture.ways {
        let mut labels = labels.clone();
        if labels.len() > 4 {
            labels.truncate(4);
            labels.push("…".to_owned());
        }
        let mut arrow = Arrow::simple(&labels.join(", "));
        arrow.look = StyleAttr::new(Color::fast("black"), 1, None, 0, 12);
        graph.add_edge(arrow, handles[from], handles[to]);
    }
    let mut writer = SVGWriter::new();
    graph.do_it(false, false, false, &mut writer);
    writer.finalize()
}

fn style(node: &Node, own: bool) -> StyleAttr {
    let fill = match look(&node.kind) {
        _ if !own => "lightgrey",
        Look::Input => "lightblue",
        Look::Decision => "lightyellow",
        Look::Waiting => "orange",
        Look::End => "palegreen",
        Look::Plain => "white",
    };
    StyleAttr::new(Color::fast("black"), 1, Some(Color::fast(fill)), 6, 14)
}
