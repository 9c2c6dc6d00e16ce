//! Which script is in force is known by the centre itself, whoever published it and whoever stopped listening.

use std::sync::Arc;

use hatif::{
    engine::Input,
    live::{
        RunningServer, Server,
        pump::Errand,
        reload::{self, Reloaded},
    },
    script::Script,
};
use tokio::sync::oneshot;

use crate::support::{
    centre::mini,
    wire::{config, until, write_out},
};

const FLOW: &str = r#"
[node.start]
kind = "menu"
prompt = "hello"
choices = { 1 = "bye", 2 = "adviser" }
"#;

/// A server of a centre whose menu is [`FLOW`], and an edition of it that no file holds.
async fn served() -> (RunningServer, Arc<Script>, [tempfile::TempDir; 3]) {
    let folders = [(); 3].map(|()| tempfile::tempdir().expect("a folder"));
    let [data, centre, other] = &folders;
    write_out(&mini(FLOW), centre.path());
    write_out(&mini(&FLOW.replace("\"hello\"", "\"bye\"")), other.path());
    let edited = reload::read(Some(other.path())).expect("the edition is whole").script;
    let mut config = config(data.path());
    config.centre = Some(centre.path().to_owned());
    (Server::start(config).await.expect("it starts"), edited, folders)
}

/// A script is published as a scenario does it, or a reload whose client is gone: nobody who reloads hears of it.
async fn publish_unheard(server: &RunningServer, script: Arc<Script>) {
    let inject = Errand::Inject { input: Input::ScriptPublished { script }, done: None };
    server.pump().send(inject).await.expect("the server runs");
    let (done, looked) = oneshot::channel();
    server.pump().send(Errand::Look { done }).await.expect("the server runs");
    looked.await.expect("an answer");
}

#[tokio::test]
async fn a_script_that_a_scenario_published_can_be_taken_back_by_a_reload() {
    let (server, edited, _folders) = served().await;
    assert!(matches!(server.reload().await, Reloaded::Unchanged { .. }));
    publish_unheard(&server, edited).await;
    assert_eq!(server.health().script_version, 2, "whoever published it");
    let taken_back = server.reload().await;
    assert!(matches!(taken_back, Reloaded::Published { version: 3, .. }), "{taken_back:?}");
    assert!(matches!(server.reload().await, Reloaded::Unchanged { .. }));
    assert_eq!(server.health().script_version, 3);
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_reload_that_is_begun_goes_on_though_nobody_waits_for_its_answer() {
    let (server, edited, _folders) = served().await;
    publish_unheard(&server, edited).await;
    tokio::select! {
        biased;
        reloaded = server.reload() => panic!("it takes longer than that: {reloaded:?}"),
        () = std::future::ready(()) => {}
    }
    until("the reload that nobody waits for", async || server.health().script_version == 3).await;
    assert!(matches!(server.reload().await, Reloaded::Unchanged { .. }), "and it is known to have been made");
    server.stop().await.expect("all is written");
}
