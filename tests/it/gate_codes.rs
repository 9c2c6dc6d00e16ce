//! Breaches of the websocket protocol, byte by byte over a real socket, and the close code of each.

use std::time::Duration;

use hatif::live::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    http::{ask_over, upgrade},
    wire::config,
};

/// A frame as a client sends it, masked by zeros, so that its bytes are as they look.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        n @ 0..126 => bytes.push(0x80 | n as u8),
        n => {
            bytes.push(0x80 | 126);
            bytes.extend((n as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// The close code the server sends, past whatever it says before; `None` when it hangs up without one.
async fn close_code(stream: &mut TcpStream) -> Option<u16> {
    let read = async {
        loop {
            let mut head = [0; 2];
            stream.read_exact(&mut head).await.ok()?;
            let length = match head[1] {
                126 => usize::from(stream.read_u16().await.ok()?),
                127 => usize::try_from(stream.read_u64().await.ok()?).ok()?,
                n => usize::from(n),
            };
            let mut payload = vec![0; length];
            stream.read_exact(&mut payload).await.ok()?;
            if head[0] == 0x88 {
                return payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), read).await.expect("the server closes")
}

#[tokio::test]
async fn each_breach_of_the_protocol_has_its_close_code() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let huge = [vec![0x81, 0x80 | 127], (1u64 << 40).to_be_bytes().to_vec(), vec![0; 4]].concat();
    let pieces = [frame(0x01, &[b'x'; 40_000]), frame(0x80, &[b'x'; 40_000])].concat();
    let cases: [(&str, Vec<u8>, u16); 16] = [
        ("an unmasked frame", vec![0x81, 1, b'1'], 1002),
        ("a reserved bit", frame(0x81 | 0x40, b"{}"), 1002),
        ("another reserved bit", frame(0x81 | 0x10, b"{}"), 1002),
        ("an unknown data frame", frame(0x83, b"{}"), 1002),
        ("an unknown control frame", frame(0x8b, b""), 1002),
        ("a ping in pieces", frame(0x09, b""), 1002),
        ("a ping too long", frame(0x89, &[0; 126]), 1002),
        ("the rest of nothing", frame(0x80, b"{}"), 1002),
        ("a message within a message", [frame(0x01, b"{"), frame(0x81, b"{}")].concat(), 1002),
        ("a close of one byte", frame(0x88, &[3]), 1002),
        ("a close with a code nobody may send", frame(0x88, &1005u16.to_be_bytes()), 1002),
        ("text that is not UTF-8", frame(0x81, &[0xff, 0xfe]), 1007),
        ("text cut off within a letter", frame(0x81, &[0xd9]), 1007),
        ("a binary frame", frame(0x82, b"{}"), 1003),
        ("a frame that says it is a terabyte", huge, 1009),
        ("a message too large in pieces", pieces, 1009),
    ];
    for (breach, bytes, code) in cases {
        let mut stream = TcpStream::connect(server.addr).await.expect("the server listens");
        assert_eq!(ask_over(&mut stream, &upgrade("/call", "")).await.0, 101);
        stream.write_all(&bytes).await.expect("the line holds");
        assert_eq!(close_code(&mut stream).await, Some(code), "{breach}");
    }
    // What the server closes for is counted; nobody else noticed.
    let counted = server.counts().turned_away(hatif::live::counts::TurnedAway::Protocol);
    assert!(counted >= 15, "{counted}");
    let mut good = crate::support::wire::Telephone::connect(server.addr).await;
    good.dial().await;
    good.hang_up().await;
    server.stop().await.expect("all is written");
}
