//! What a double click opens: a menu for whoever has never seen a terminal. Each entry asks for what it needs, shows the command
//! it stands for and runs it, so that the command can be typed next time.

mod answers;
mod entries;
mod program;

pub use entries::run;
