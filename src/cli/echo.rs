//! `hatif echo`, for tests of websocket conformance only, and hidden: lets a test server try our client with each of its cases.

use std::process::ExitCode;

use anyhow::Context;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Link;

/// Arguments of `hatif echo`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The test server, such as ws://127.0.0.1:9001
    url: String,
}

/// Runs the command: asks how many cases there are, goes through them, and asks for the report.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let url = args.url.trim_end_matches('/');
        let mut link = Link::bare(&format!("{url}/getCaseCount")).await?;
        let Message::Text(count) = link.receive_frame().await? else { anyhow::bail!("{url} tells no number of cases") };
        let count: u32 = count.parse().with_context(|| format!("{url} tells no number of cases"))?;
        for case in 1..=count {
            let mut link = Link::bare(&format!("{url}/runCase?case={case}&agent=hatif")).await?;
            while let Ok(frame) = link.receive_frame().await {
                if (frame.is_text() || frame.is_binary()) && link.send_frame(frame).await.is_err() {
                    break;
                }
            }
        }
        let mut link = Link::bare(&format!("{url}/updateReports?agent=hatif")).await?;
        while link.receive_frame().await.is_ok() {}
        anstream::println!("{count} cases");
        Ok(ExitCode::SUCCESS)
    })
}
