//! What the operating system tells of this process, where it has `/proc`; zeros elsewhere.

use std::fs;

/// Memory, files and time of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Bytes in memory.
    pub(super) resident: u64,
    /// Bytes mapped.
    pub(super) virtual_size: u64,
    /// Open descriptors.
    pub(super) open_files: u64,
    /// The most there may be.
    pub(super) most_files: u64,
    /// Threads.
    pub(super) threads: u64,
    /// When it began, in seconds since 1970.
    pub(super) started: f64,
    /// Seconds of processor time.
    pub(super) cpu: f64,
}

/// Ticks a second in `/proc/PID/stat`: a constant of the kernel's interface, whatever its own clock.
const TICKS: f64 = 100.0;

impl Process {
    /// Reads it. Blocks for as long as the kernel takes, which is some tens of microseconds.
    pub(super) fn read() -> Process {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default()
        };
        let (started, cpu) = times().unwrap_or_default();
        Process {
            resident: field("VmRSS") * 1_024,
            virtual_size: field("VmSize") * 1_024,
            // The folder that is being read is open too.
            open_files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count().saturating_sub(1) as u64),
            most_files: rlimit::Resource::NOFILE.get_soft().unwrap_or_default(),
            threads: field("Threads"),
            started,
            cpu,
        }
    }
}

/// When the process began, and its processor time, in seconds.
fn times() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; fields are counted after it, from the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some((boot + field(22)? / TICKS, (field(14)? + field(15)?) / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory_files_and_a_beginning() {
        let before = Process::read();
        assert!(before.resident > 1 << 20 && before.virtual_size >= before.resident, "{before:?}");
        assert!(before.threads >= 1 && before.most_files >= before.open_files, "{before:?}");
        assert!(before.started > 1.6e9, "{before:?}");
        let held: Vec<_> = (0..20).map(|_| fs::File::open("/proc/self/stat").expect("a file")).collect();
        assert!(Process::read().open_files >= held.len() as u64);
    }
}
