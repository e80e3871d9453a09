//! The house: which room may use which, and that no two files need each other. Every `crate::` and `super::` path of `src` is
//! read, also those inside functions; unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a room may use beside itself and the ground floor. A room is a folder of `src`, or a file in it.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["lib"]),
    ("lib", &["cli", "command", "files", "menu", "notice", "settings", "slips", "terminal"]),
    ("slips", &["cli", "terminal"]),
    ("menu", &["entity", "settings", "terminal"]),
    ("notice", &["api", "settings", "terminal"]),
    ("cli", &["command", "terminal"]),
    (
        "command",
        &[
            "account",
            "check",
            "definitions",
            "entity",
            "export",
            "files",
            "format",
            "import",
            "journal",
            "mapping",
            "mirror",
            "pipes",
            "sandbox",
            "settings",
            "survey",
            "template",
            "terminal",
            "projection",
            "proposal",
            "rehearsal",
            "value",
        ],
    ),
    (
        "import",
        &[
            "account",
            "api",
            "baseline",
            "check",
            "definitions",
            "entity",
            "files",
            "format",
            "journal",
            "lookup",
            "machine",
            "mapping",
            "mirror",
            "pipes",
            "projection",
            "refresh",
            "terminal",
            "value",
        ],
    ),
    (
        "export",
        &[
            "account",
            "api",
            "baseline",
            "definitions",
            "entity",
            "files",
            "format",
            "mirror",
            "projection",
            "refresh",
            "settings",
            "terminal",
        ],
    ),
    ("rehearsal", &["account", "api", "definitions", "entity", "lookup", "mirror", "sandbox", "terminal"]),
    ("definitions", &["account", "api", "entity", "mirror", "projection"]),
    ("lookup", &["account", "api", "check", "entity", "mirror", "projection", "refresh", "terminal"]),
    ("refresh", &["api", "entity", "mirror", "projection", "terminal"]),
    ("baseline", &["entity", "files", "machine", "projection", "value"]),
    ("projection", &["api", "entity", "format", "mirror"]),
    ("account", &["api", "entity", "journal", "mirror", "sandbox", "settings"]),
    ("settings", &["api", "entity", "files", "format", "machine", "pipes"]),
    ("survey", &["entity", "format", "mapping", "value"]),
    ("proposal", &["entity", "format", "mapping", "survey", "value"]),
    ("template", &["entity", "format"]),
    ("api", &["entity", "files", "pipes", "terminal"]),
    ("journal", &["check", "entity", "files", "format", "machine"]),
    ("mirror", &["files", "machine"]),
    ("check", &["entity", "format", "mapping", "value"]),
    ("mapping", &["entity", "format", "value"]),
    ("value", &["entity", "format"]),
    ("format", &["files", "pipes"]),
    ("entity", &[]),
    ("sandbox", &["entity"]),
    ("terminal", &["files"]),
    ("machine", &[]),
    ("files", &["file_names"]),
    ("pipes", &["file_names"]),
    ("file_names", &[]),
];

/// The ground floor, which every room stands on, each with what it stands on itself.
const GROUND: &[(&str, &[&str])] = &[
    ("interrupt", &["error", "message"]),
    ("waiting", &["message"]),
    ("toml_words", &["language", "message", "text"]),
    ("error", &["language", "message", "text"]),
    ("problem", &["message"]),
    ("message", &["language", "text"]),
    ("text", &[]),
    ("language", &[]),
];

/// Sources by their path below `src`.
type Sources = BTreeMap<String, String>;
/// An arrow: a file, and the file it uses.
type Arrow = (String, String);

fn sources() -> Sources {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![src.clone()];
    let mut sources = Sources::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
                sources.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

/// The code of a file without comments and unit tests.
fn code(source: &str) -> String {
    let code = source.split("\n#[cfg(test)]\nmod tests").next().unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).map(|line| format!("{line}\n")).collect()
}

/// The module a file holds: `import/report/mod.rs` is `["import", "report"]`.
fn module(file: &str) -> Vec<String> {
    let mut parts: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if ["mod", "lib", "main"].contains(&parts.last().unwrap().as_str()) {
        parts.pop();
    }
    parts
}

/// The paths that a tree of names means, as in `a::{b, c::d}`; the rest of the text is not looked at.
fn paths(text: &str) -> Vec<Vec<String>> {
    fn tree(text: &mut std::iter::Peekable<std::str::Chars<'_>>, before: &[String], found: &mut Vec<Vec<String>>) {
        let mut path = before.to_vec();
        loop {
            while text.next_if(|c| c.is_whitespace()).is_some() {}
            if text.next_if_eq(&'{').is_some() {
                while text.peek().is_some_and(|c| *c != '}') {
                    tree(text, &path, found);
                    while text.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
                }
                text.next();
                return;
            }
            let mut name = String::new();
            while let Some(c) = text.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '*') {
                name.push(c);
            }
            if name.is_empty() {
                text.next();
                return;
            }
            path.push(name);
            if text.next_if_eq(&':').is_none() || text.next_if_eq(&':').is_none() {
                break;
            }
        }
        // `self` means the module itself; what follows `as` is a name of ours.
        path.retain(|name| name != "self");
        found.push(path);
        if text.clone().take(4).eq(" as ".chars()) {
            for _ in 0..4 {
                text.next();
            }
            while text.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {}
        }
    }
    let mut found = Vec::new();
    tree(&mut text.chars().peekable(), &[], &mut found);
    found
}

/// Every path of a file that leads to a module of the crate, from its root.
fn used_paths(file: &str, code: &str) -> Vec<Vec<String>> {
    let own = module(file);
    let mut used = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            for path in paths(&code[at..]) {
                let ups = path.iter().take_while(|name| *name == "super").count();
                let rest = path.iter().skip(ups.max(1)).cloned();
                let base = if ups == 0 { Vec::new() } else { own[..own.len() - ups].to_vec() };
                used.push(base.into_iter().chain(rest).collect());
            }
        }
    }
    // In a folder's own file its children are named without a prefix; what it hands on is no use of its own.
    for line in code.lines().filter_map(|line| line.strip_prefix("use ")) {
        let is_child = |name: &str| code.contains(&format!("mod {name};"));
        if line.split("::").next().is_some_and(is_child) {
            used.extend(paths(line).into_iter().map(|path| own.iter().cloned().chain(path).collect()));
        }
    }
    used
}

/// The file that a path leads to: the one that defines the thing, where a folder only hands it on.
fn target(sources: &Sources, path: &[String]) -> Option<String> {
    for length in (1..=path.len()).rev() {
        let module = path[..length].join("/");
        if sources.contains_key(&format!("{module}.rs")) {
            return Some(format!("{module}.rs"));
        }
        let folder = format!("{module}/mod.rs");
        if let Some(source) = sources.get(&folder) {
            let Some(item) = path.get(length) else { return Some(folder) };
            let handed_on = code(source)
                .split(';')
                .filter_map(|statement| Some(statement.split_once("use ")?.1.to_owned()))
                .flat_map(|statement| paths(&statement))
                .find(|handed_on| handed_on.last() == Some(item));
            return match handed_on {
                Some(child) if child[0] != "crate" => {
                    target(sources, &path[..length].iter().chain(&child).cloned().collect::<Vec<_>>()).or(Some(folder))
                }
                _ => Some(folder),
            };
        }
    }
    None
}

fn arrows(sources: &Sources) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    for (file, source) in sources {
        for path in used_paths(file, &code(source)) {
            if let Some(to) = target(sources, &path).filter(|to| to != file) {
                arrows.insert((file.clone(), to));
            }
        }
    }
    arrows
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Arrows between rooms that the table does not know.
fn wrong_arrows(arrows: &BTreeSet<Arrow>) -> Vec<String> {
    let allowed = |from: &str, to: &str| {
        let of = |table: &[(&str, &[&str])]| {
            table.iter().find(|(room, _)| *room == from).map(|(_, rooms)| rooms.contains(&to))
        };
        from == to
            || of(ARROWS).is_some_and(|is_allowed| is_allowed || GROUND.iter().any(|(room, _)| *room == to))
            || of(GROUND) == Some(true)
    };
    arrows
        .iter()
        .filter(|(from, to)| !allowed(room(from), room(to)))
        .map(|(from, to)| format!("{from} uses {to}"))
        .collect()
}

/// A circle of files that need each other, if there is one.
fn circle(arrows: &BTreeSet<Arrow>) -> Option<Vec<String>> {
    fn walk(file: &str, arrows: &BTreeSet<Arrow>, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(at) = way.iter().position(|before| before == file) {
            way.drain(..at);
            return true;
        }
        if done.contains(file) {
            return false;
        }
        way.push(file.to_owned());
        let next = arrows.iter().filter(|(from, _)| from == file).map(|(_, to)| to);
        for to in next {
            if walk(to, arrows, way, done) {
                return true;
            }
        }
        way.pop();
        done.insert(file.to_owned());
        false
    }
    let mut done = BTreeSet::new();
    arrows.iter().find_map(|(from, _)| {
        let mut way = Vec::new();
        walk(from, arrows, &mut way, &mut done).then_some(way)
    })
}

#[test]
fn arrows_between_rooms_point_one_way() {
    let wrong = wrong_arrows(&arrows(&sources()));
    assert!(wrong.is_empty(), "arrows that the table of rooms does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn a_wrong_arrow_is_found_wherever_it_is_planted() {
    let plant = |file: &str, line: &str| {
        let mut sources = sources();
        sources.get_mut(file).unwrap().insert_str(0, line);
        arrows(&sources)
    };
    for (file, line) in [
        ("journal/rows.rs", "use crate::api::Client;\n"),
        ("entity/field.rs", "fn f() { let x = crate::format::Row::default(); }\n"),
        ("import/run/mod.rs", "use crate::{error::Error, export::run as _};\n"),
        ("sandbox/server.rs", "use super::super::settings;\n"),
        ("value/date.rs", "use crate::{\n    entity::Kind,\n    cli,\n};\n"),
    ] {
        assert_eq!(wrong_arrows(&plant(file, line)).len(), 1, "{file}: {line}");
    }
    assert!(circle(&plant("journal/rows.rs", "use super::writer::Journal;\n")).is_some());
    assert!(circle(&plant("terminal/printer.rs", "fn f() { super::progress::Progress::new(todo!()); }\n")).is_some());
}

#[test]
fn every_room_has_its_arrows_said() {
    let rooms: BTreeSet<String> = sources().keys().map(|file| room(file).to_owned()).collect();
    let said: BTreeSet<String> = ARROWS.iter().chain(GROUND).map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(rooms, said);
}

#[test]
fn no_two_files_need_each_other() {
    let circle = circle(&arrows(&sources()));
    assert_eq!(circle, None, "each of these files uses the next, and the last one the first");
}
