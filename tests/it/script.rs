//! The script language: what a correct centre becomes, and the exact report of every kind of fault.

use hatif::script::load;

use crate::support::centre::mini;

#[test]
fn a_correct_centre_becomes_a_script() {
    let source = mini(
        r#"
[flow]
vars = { ref = "digits" }

[node.start]
kind = "language"
prompt = "hello"
choices = { 1 = "fr", 2 = "ar" }
to = "menu"

[node.menu]
kind = "menu"
prompt = "menu"
choices = { 1 = { to = "ask", serves = "status" }, 2 = "bye" }

[node.ask]
kind = "collect"
prompt = "ask"
into = "ref"
min = 8
max = 8
to = "find"

[node.find]
kind = "lookup"
service = "complaint_status"
with = { ref = "ref" }
outcomes = { found = "bye", unknown = "menu" }
"#,
    );
    let loaded = load(&source);
    assert_eq!(loaded.diagnostics, []);
    let script = loaded.script.expect("a script");
    assert_eq!(script.node(script.entry).name.as_ref(), "main.start");
    assert_eq!(script.nodes.len(), 6);
    assert_eq!(script.digest.len(), 16);
}
