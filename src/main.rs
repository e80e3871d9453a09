//! Parses the command line, runs the command, prints what went wrong and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    bw8::run(std::env::args_os())
}
