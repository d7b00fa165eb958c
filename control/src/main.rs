//! `otto`: everything is in the library, so that other packages can build the same program.

fn main() -> std::process::ExitCode {
    control::cli::main()
}
