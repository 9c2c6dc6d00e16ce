//! Who is let in: tokens and their scopes on every route, origins of web pages, TLS from both ends.

use hatif::{
    client::{Access, Call, LinkError, Options, Secret},
    live::{
        ROUTES, Security, Server, StartError, TlsFiles,
        guard::Guard,
        tokens::{self, Scope},
    },
};

use crate::support::{
    http::{ask, request, upgrade},
    wire::{config, until, write_out},
};

const SCOPES: [Scope; 4] = [Scope::Call, Scope::Watch, Scope::Operate, Scope::Agent];

/// The request that a route is asked by.
fn of_route(path: &str, headers: &str) -> String {
    match path {
        "/reload" => request("POST", path, headers),
        "/call" | "/agent" | "/events" | "/echo" => upgrade(path, headers),
        _ => request("GET", path, headers),
    }
}

#[tokio::test]
async fn every_route_needs_its_scope_and_no_other_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tokens.toml");
    let secrets = SCOPES.map(|scope| tokens::make(&file, scope.word(), &[scope]).expect("a token"));
    let mut config = config(&dir.path().join("data"));
    config.security.tokens = Some(file);
    let server = Server::start(config).await.expect("it starts");
    for (path, needed) in ROUTES {
        let (status, text) = ask(server.addr, &of_route(path, "")).await;
        let Some(needed) = needed else {
            assert!(![401, 403].contains(&status), "{path} is open: {text}");
            continue;
        };
        assert_eq!(status, 401, "{path} without a token: {text}");
        assert!(text.contains("www-authenticate: Bearer") && text.contains("hatif token new"), "{path}: {text}");
        let (status, _) = ask(server.addr, &of_route(path, "authorization: Bearer 0123456789abcdef\r\n")).await;
        assert_eq!(status, 401, "{path} with an unknown token");
        for (scope, secret) in SCOPES.iter().zip(&secrets) {
            let passes = *scope == needed || (*scope, needed) == (Scope::Operate, Scope::Watch);
            let (status, text) =
                ask(server.addr, &of_route(path, &format!("authorization: Bearer {secret}\r\n"))).await;
            assert_eq!(status == 403, !passes, "{path} with the scope {scope:?}: {text}");
            assert_ne!(status, 401, "{path} with the scope {scope:?}: {text}");
        }
    }
    let denied = server.counts().turned_away(hatif::live::counts::TurnedAway::Scope);
    assert!(denied >= 6, "{denied}");
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_browser_sends_its_token_among_the_subprotocols_and_it_is_not_sent_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tokens.toml");
    let secret = tokens::make(&file, "page", &[Scope::Call]).expect("a token");
    let mut config = config(&dir.path().join("data"));
    config.security = Security { tokens: Some(file), origins: vec!["https://desk.example".into()], tls: None };
    let server = Server::start(config).await.expect("it starts");
    let offer = format!("sec-websocket-protocol: hatif.v1, hatif.token.{secret}\r\n");
    let (status, text) = ask(server.addr, &upgrade("/call", &format!("{offer}origin: https://desk.example\r\n"))).await;
    assert_eq!(status, 101, "{text}");
    assert!(text.to_lowercase().contains("sec-websocket-protocol: hatif.v1\r\n") && !text.contains(&secret), "{text}");
    let (status, text) = ask(server.addr, &upgrade("/call", &format!("{offer}origin: https://evil.example\r\n"))).await;
    assert_eq!(status, 403, "{text}");
    assert!(text.contains("[security] origins"), "{text}");
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_token_made_while_the_server_runs_is_taken_and_one_taken_out_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tokens.toml");
    let old = tokens::make(&file, "old", &[Scope::Watch]).expect("a token");
    let mut config = config(&dir.path().join("data"));
    config.security.tokens = Some(file.clone());
    let server = Server::start(config).await.expect("it starts");
    let status = async |secret: &str| {
        let headers = format!("authorization: Bearer {secret}\r\n");
        ask(server.addr, &request("GET", "/health", &headers)).await.0
    };
    assert_eq!(status(&old).await, 200);
    std::fs::remove_file(&file).expect("it is there");
    let new = tokens::make(&file, "new", &[Scope::Watch]).expect("a token");
    // The file is looked at once a second.
    until("the old token is forgotten", async || status(&old).await == 401).await;
    assert_eq!(status(&new).await, 200);
    std::fs::write(&file, "[[token]]\nname = 1\n").expect("a file");
    let looked = hatif::live::clock::wall();
    while hatif::live::clock::since(looked).as_secs() < 2 {
        assert_eq!(status(&new).await, 200, "a faulty file changes nothing");
    }
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn without_tokens_a_page_of_elsewhere_and_a_foreign_name_are_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let own = server.addr;
    for (path, _) in ROUTES {
        for headers in ["origin: http://evil.example\r\n", "origin: null\r\n"] {
            let (status, text) = ask(own, &of_route(path, headers)).await;
            let open = ["/live", "/ready"].contains(&path);
            assert!(open || status == 403 || status == 404, "{path} {headers}: {text}");
        }
    }
    let rebound = "GET /health HTTP/1.1\r\nhost: evil.example\r\n\r\n";
    assert_eq!(ask(own, rebound).await.0, 421);
    let page = format!("origin: http://{own}\r\n");
    let at = |text: String| text.replace("host: 127.0.0.1", &format!("host: {own}"));
    assert_eq!(ask(own, &at(upgrade("/call", &page))).await.0, 101, "a page of the server's own");
    assert_eq!(ask(own, &at(request("POST", "/reload", &page))).await.0, 403, "no page publishes");
    assert_eq!(ask(own, &request("POST", "/reload", "")).await.0, 409, "a program does; here there is no folder");
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_server_that_others_reach_does_not_start_without_tokens() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut config = config(&dir.path().join("data"));
    config.addr = "0.0.0.0:0".parse().expect("an address");
    let error = Server::start(config.clone()).await.expect_err("it is open to everybody");
    assert!(matches!(error, StartError::Open(_)), "{error:?}");
    assert!(error.to_string().contains("hatif token new") && error.to_string().contains("--tokens"), "{error}");
    config.security.tokens = Some(dir.path().join("nowhere.toml"));
    let error = Server::start(config).await.expect_err("there is no such file").to_string();
    assert!(error.contains("nowhere.toml") && error.contains("hatif token new"), "{error}");
}

#[tokio::test]
async fn a_call_over_tls_with_a_token() {
    let dir = tempfile::tempdir().expect("a folder");
    let (certs, file) = (dir.path().join("certs"), dir.path().join("tokens.toml"));
    let secret = tokens::make(&file, "phone", &[Scope::Call]).expect("a token");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).expect("a certificate");
    let other = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
    let pem = [
        ("cert.pem".to_owned(), made.cert.pem()),
        ("key.pem".to_owned(), made.signing_key.serialize_pem()),
        ("other.pem".to_owned(), other.cert.pem()),
    ];
    write_out(&hatif::script::Source::from_files(pem.into()), &certs);
    let mut config = config(&dir.path().join("data"));
    let tls = TlsFiles { cert: certs.join("cert.pem"), key: certs.join("key.pem") };
    config.security = Security { tokens: Some(file), tls: Some(tls), origins: Vec::new() };
    let server = Server::start(config).await.expect("it starts");
    let url = |host: &str| format!("wss://{host}:{}/call", server.addr.port());
    let options = |ca: &str, token: Option<&str>| {
        let access = Access { token: token.map(Secret::new), ca: Some(certs.join(ca)) };
        Options { access, ..Options::from_number("0600000042") }
    };
    // Somebody who says nothing holds up nobody.
    let _mute = tokio::net::TcpStream::connect(server.addr).await.expect("the server listens");
    for host in ["localhost", "127.0.0.1"] {
        let mut call = Call::dial(&url(host), &options("cert.pem", Some(&secret))).await.expect("an answer");
        call.hang_up().await.expect("the line holds");
        assert_eq!(call.ended().await.expect("an end").cause, "caller_hung_up");
    }
    let refused = async |ca: &str, token: Option<&str>| {
        let error = Call::dial(&url("localhost"), &options(ca, token)).await.map(drop).expect_err("it is refused");
        let hatif::client::CallError::Link(error) = error else { panic!("{error:?}") };
        error
    };
    let error = refused("cert.pem", None).await;
    assert!(matches!(error, LinkError::Denied { status: 401, .. }), "{error:?}");
    let error = refused("other.pem", Some(&secret)).await;
    assert!(error.to_string().contains("cannot be secured"), "{error}");
    let error = refused("key.pem", Some(&secret)).await;
    assert!(error.to_string().contains("holds no certificate"), "{error}");
    let (status, _) = ask(server.addr, &request("GET", "/health", "")).await;
    assert_eq!(status, 0, "nothing is said in clear");
    server.stop().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn wrong_tokens_of_this_machine_keep_nobody_out_by_whichever_of_its_addresses_they_come() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tokens.toml");
    let secret = tokens::make(&file, "desk", &[Scope::Call]).expect("a token");
    let security = Security { tokens: Some(file), ..Security::default() };
    let of = |secret: &str| {
        let value = format!("Bearer {secret}").parse().expect("a value");
        axum::http::HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, value)])
    };
    // As a socket that takes both kinds names who comes by the older one.
    for (peer, passes) in [("[::ffff:127.0.0.1]:9", true), ("[::ffff:192.0.2.1]:9", false)] {
        let guard = Guard::new(&security, false, Default::default()).expect("a token file");
        let peer = peer.parse().expect("an address");
        for _ in 0..11 {
            guard.authorise(&of("0123456789abcdef"), peer, Scope::Call).expect_err("nobody's token");
        }
        assert_eq!(guard.authorise(&of(&secret), peer, Scope::Call).is_ok(), passes, "{peer}");
    }
}
