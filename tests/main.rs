//! Everything that is tested from outside: one binary, a file per theme.

mod sandbox;
