//! The `hatif` program; all it does is in the library's `cli` room.

fn main() -> std::process::ExitCode {
    hatif::cli::main()
}
