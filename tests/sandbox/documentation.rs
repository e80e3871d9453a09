//! The manual is true: its `curl` lines work, and its tables name every switch and every fault.

use std::process::Command;

use bw8::sandbox::{Kind, Variants};

use crate::harness::Server;

const MANUAL: &str = include_str!("../../docs/sandbox.md");

/// The address the manual's lines use.
const ADDRESS: &str = "127.0.0.1:8808";

#[test]
fn every_curl_line_of_the_manual_is_answered_with_success() {
    let server = Server::start("");
    let address = server.address();
    let lines: Vec<&str> = MANUAL.lines().filter(|line| line.starts_with("curl ")).collect();
    assert!(lines.len() > 25, "{} lines", lines.len());
    for line in lines {
        assert!(line.contains(ADDRESS), "{line}");
        let words = words(&line.replace(ADDRESS, address).replace("key=KEY", &format!("key={}", server.key())));
        let output = Command::new("curl").args(["-sS", "--fail-with-body"]).args(&words[1..]).output().unwrap();
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}\n{answer}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!answer.contains("errcode") && !answer.contains("\"state\":\"403\""), "{line}\n{answer}");
    }
}

#[test]
fn the_tables_name_every_switch_value_and_fault() {
    for switch in Variants::default().table() {
        let row = MANUAL.lines().find(|line| line.starts_with(&format!("| `{}` |", switch.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the manual", switch.name));
        for value in switch.values {
            assert!(row.contains(&format!("`{value}`")), "{}={value}", switch.name);
        }
    }
    for kind in Kind::ALL {
        assert!(MANUAL.lines().any(|line| line.starts_with(&format!("| `{}` |", kind.as_str()))), "{}", kind.as_str());
    }
}

/// The words of a shell line: single quotes hold together, nothing else is special in the manual's lines.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
