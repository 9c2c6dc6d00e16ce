//! `hatif status`: how a running centre is, in a few lines; for people, and for whoever watches over containers.

use std::{collections::BTreeMap, io::Write, process::ExitCode};

use anyhow::Context;

use super::access::AccessArgs;
use crate::client::{FetchError, Wiring, fetch, printable, printable_lines};

/// Arguments of `hatif status`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Exit code: 0 callers are taken; 1 they are not; 2 nobody answers.")]
pub struct Args {
    /// The centre, as ws://HOST:PORT, wss://, http:// or https://
    #[arg(value_name = "URL", default_value = "ws://127.0.0.1:7700")]
    url: String,
    /// Ask only whether a caller would be taken now, which needs no token; for health checks
    #[arg(long)]
    ready: bool,
    /// Print what `GET /health` says, as JSON
    #[arg(long, conflicts_with = "ready")]
    json: bool,
    #[command(flatten)]
    access: AccessArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let url = websocket(&args.url)?;
    let wiring = Wiring { access: args.access.access(), ..Wiring::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let patience = std::time::Duration::from_secs(10);
        let told = async { if args.ready { ready(&url, &wiring).await } else { tell(&url, &wiring, args.json).await } };
        match tokio::time::timeout(patience, told).await {
            Ok(told) => told,
            Err(_) => anyhow::bail!("{url} has not answered for {} s; is the centre overloaded?", patience.as_secs()),
        }
    })
}

/// An address as the client takes it.
fn websocket(url: &str) -> anyhow::Result<String> {
    anyhow::ensure!(
        url.contains("://"),
        "`{url}` is not the address of a centre; write http://{url}, or https:// where it speaks TLS"
    );
    let url = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => format!("ws://{rest}"),
        (_, Some(rest)) => format!("wss://{rest}"),
        _ => url.to_owned(),
    };
    Ok(match url.trim_end_matches('/') {
        bare if bare.matches('/').count() == 2 => format!("{bare}/call"),
        full => full.to_owned(),
    })
}

async fn ready(url: &str, wiring: &Wiring) -> anyhow::Result<ExitCode> {
    match fetch(url, "/ready", wiring).await {
        Ok(word) => {
            writeln!(anstream::stdout(), "{}", printable(word.trim()))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(FetchError::Status { status: 503, said, .. }) => {
            writeln!(anstream::stdout(), "{}", said.trim())?;
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error.into()),
    }
}

async fn tell(url: &str, wiring: &Wiring, json: bool) -> anyhow::Result<ExitCode> {
    let text = fetch(url, "/health", wiring).await?;
    let health: serde_json::Value = serde_json::from_str(&text).context("the answer of /health is no JSON")?;
    let mut out = anstream::stdout();
    if json {
        writeln!(out, "{}", printable_lines(&text))?;
    } else {
        let metrics = fetch(url, "/metrics", wiring).await?;
        out.write_all(printable_lines(&summary(&health, &metrics)).as_bytes())?;
    }
    Ok(ExitCode::from(u8::from(health["status"] != "ok")))
}

/// Health and figures in a few lines.
fn summary(health: &serde_json::Value, metrics: &str) -> String {
    let samples = samples(metrics);
    let value = |name: &str| samples.get(name).copied().unwrap_or_default();
    let word = |name: &str| match &health[name] {
        serde_json::Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    let state = |state: &str| value(&format!("hatif_calls{{state=\"{state}\"}}"));
    let of_queues = samples.iter().filter(|(key, _)| key.starts_with("hatif_queue_callbacks{"));
    let promised: f64 = of_queues.map(|(_, count)| count).sum();
    let mut text = format!(
        "{}: {}, run {}, script version {}, up {} s, {} times the clock\n",
        word("centre"),
        word("status"),
        word("run"),
        word("script_version"),
        word("uptime_s"),
        word("speed")
    );
    text += &format!(
        "  calls     {} in the menus, {} waiting, {} ringing, {} talking, {} held, {promised} to be called back; {} connections\n",
        state("ivr"),
        // What keeps a place for a call back is nobody on the line.
        (state("queued") - promised).max(0.0),
        state("ringing"),
        state("talking"),
        state("held"),
        word("connections")
    );
    text += &format!(
        "  centre    {:.0} ms behind its clock; records {:.0} ms behind, {} waiting\n",
        value("hatif_centre_lag_seconds") * 1e3,
        value("hatif_store_lag_seconds") * 1e3,
        value("hatif_store_queued_rows")
    );
    let refused: f64 = samples.iter().filter(|(key, _)| key.starts_with("hatif_refusals_total{")).map(|(_, n)| n).sum();
    text += &format!(
        "  since     {refused} dials refused, {:.0} MiB in memory, {} files open of {}\n",
        value("process_resident_memory_bytes") / (1 << 20) as f64,
        value("process_open_fds"),
        value("process_max_fds")
    );
    for (key, waiting) in samples.iter().filter(|(_, waiting)| **waiting > 0.0) {
        if let Some(labels) = key.strip_prefix("hatif_queue_waiting_calls") {
            let longest = value(&format!("hatif_queue_longest_wait_seconds{labels}"));
            let queue = labels.trim_start_matches("{queue=\"").trim_end_matches("\"}");
            text += &format!("  queue     {queue}: {waiting} waiting, longest {longest:.0} s\n");
        }
    }
    text
}

/// Every sample by its name with its labels.
fn samples(metrics: &str) -> BTreeMap<&str, f64> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).filter_map(|(key, value)| Some((key, value.parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_written_in_any_of_its_ways() {
        for (given, meant) in [
            ("ws://127.0.0.1:7700", "ws://127.0.0.1:7700/call"),
            ("http://127.0.0.1:7700/", "ws://127.0.0.1:7700/call"),
            ("https://desk.example", "wss://desk.example/call"),
            ("ws://127.0.0.1:7700/call", "ws://127.0.0.1:7700/call"),
        ] {
            assert_eq!(websocket(given).expect("an address"), meant);
        }
        let error = websocket("127.0.0.1:7802").expect_err("no scheme").to_string();
        assert!(error.contains("write http://127.0.0.1:7802"), "{error}");
    }

    #[test]
    fn a_summary_names_queues_in_which_somebody_waits() {
        let health = serde_json::json!({ "centre": "Centre", "status": "ok", "run": 3, "script_version": 1,
            "uptime_s": 7, "speed": 1.0, "connections": 2 });
        let metrics = "# HELP x y.\nhatif_queue_waiting_calls{queue=\"claims\"} 4\nhatif_queue_waiting_calls{queue=\"other\"} 0\n\
            hatif_queue_longest_wait_seconds{queue=\"claims\"} 61.4\nhatif_refusals_total{reason=\"lag\"} 2\n\
            hatif_refusals_total{reason=\"rate\"} 1\nhatif_calls{state=\"queued\"} 7\n\
            hatif_queue_callbacks{queue=\"claims\"} 2\nhatif_queue_callbacks{queue=\"other\"} 1\n# EOF\n";
        let text = summary(&health, metrics);
        assert!(text.contains("claims: 4 waiting, longest 61 s") && !text.contains("other"), "{text}");
        assert!(text.contains(" 4 waiting, 0 ringing") && text.contains("3 to be called back"), "{text}");
        assert!(text.starts_with("Centre: ok, run 3") && text.contains("3 dials refused"), "{text}");
    }
}
