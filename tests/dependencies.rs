//! What the program is made of: licences and sources as `deny.toml` allows them.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Those of the machine the test runs on: the others may not be there.
fn packages() -> Vec<Value> {
    let about = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let about = String::from_utf8(about).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            host,
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap();
    let rules: toml::Table = text.parse().unwrap();
    rules["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Whether an expression such as `MIT OR (Apache-2.0 AND ISC)` can be met.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    spdx::Expression::parse_mode(expression, spdx::ParseMode::LAX)
        .unwrap_or_else(|error| panic!("{expression}: {error}"))
        .evaluate(|license| allowed.contains(&license.to_string()))
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(|license| is_met(license, &allowed)))
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(wrong.is_empty(), "licences that deny.toml does not allow:\n{}", wrong.join("\n"));
    assert!(!is_met("MIT AND GPL-3.0-only", &allowed) && is_met("MIT OR GPL-3.0-only", &allowed));
}

#[test]
fn every_dependency_comes_from_the_registry() {
    for package in packages().iter().filter(|package| package["name"] != "bw8") {
        let source = package["source"].as_str().unwrap_or_default();
        assert!(source.starts_with("registry+"), "{} comes from {source:?}", package["name"]);
    }
}
