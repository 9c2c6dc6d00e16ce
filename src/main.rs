//! The `hatif` program; all it does is in the library's `cli` room.

/// The system's own lets a server's memory creep up as calls come and go: what one leaves between two others is too small for
/// the next. This one keeps sizes apart.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hatif::cli::main()
}
