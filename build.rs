//! Tells cargo what else the program is made of.

fn main() {
    // The words are taken in when the program is built, by a macro that cargo cannot see through.
    println!("cargo::rerun-if-changed=locales");
}
