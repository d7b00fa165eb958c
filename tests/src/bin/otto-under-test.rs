//! The `otto` binary, built where integration tests can name it (`CARGO_BIN_EXE_…`).

fn main() -> std::process::ExitCode {
    control::cli::main()
}
