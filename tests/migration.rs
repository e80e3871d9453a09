//! The chapter on a whole migration, typed as it stands there.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::harness::*;

const FOLDER: &str = "samples/migration";

/// A folder with the files of the chapter, where its commands name them.
fn prepared() -> Work {
    let work = Work::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{FOLDER}/{}", path.file_name().unwrap().to_str().unwrap());
        std::fs::create_dir_all(work.path(FOLDER)).unwrap();
        std::fs::write(work.path(name), std::fs::read(&path).unwrap()).unwrap();
    }
    work
}

/// The commands of the first block of a chapter.
fn commands(page: &str, chapter: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let chapter = text.split(chapter).nth(1).unwrap();
    let block = chapter.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let command = |line: &str| line.split(" #").next().unwrap().trim().strip_prefix("bw8 ").unwrap().to_owned();
    block.lines().map(command).collect()
}

/// All records of the sandbox, as its interface has them.
fn records(work: &Work, entity: &str, id: &str) -> HashMap<String, Map<String, Value>> {
    work.bw8(format!("export {entity} -o {entity}.jsonl --sandbox")).exits(0);
    let record = |line: &str| -> (String, Map<String, Value>) {
        let record: Map<String, Value> = serde_json::from_str(line).unwrap();
        (text(&record, id), record)
    };
    work.read(format!("{entity}.jsonl")).trim_start_matches('\u{feff}').lines().map(record).collect()
}

fn text(record: &Map<String, Value>, field: &str) -> String {
    match &record[field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn both_pages_name_the_same_commands() {
    let english = commands("README.md", "## A whole migration");
    assert_eq!(english, commands("README.zh-CN.md", "## 整体迁移"));
    assert!(english.len() >= 5);
}

#[test]
fn the_chapter_moves_companies_contacts_tickets_tags_and_bindings_with_all_their_relations() {
    let work = prepared();
    for command in commands("README.md", "## A whole migration") {
        work.bw8(command).exits(0);
    }
    work.bw8("ids export all.csv --sandbox").exits(0);
    let known = work.table("all.csv");
    let ids: HashMap<(&str, &str), &str> =
        known.column("entity").into_iter().zip(known.column("old id")).zip(known.column("new id")).collect();
    let new = |entity: &'static str, old: &str| ids[&(entity, old)].to_owned();
    let source = |name: &str| work.table(format!("{FOLDER}/{name}.csv"));
    let (companies, customers) = (records(&work, "companies", "uId"), records(&work, "customers", "cId"));
    let tickets = records(&work, "tickets", "ticketId");

    let organizations = source("organizations");
    for (old, name) in organizations.column("id").into_iter().zip(organizations.column("name")) {
        assert_eq!(text(&companies[&new("companies", old)], "companyName"), name);
    }
    let users = source("users");
    for ((old, name), company) in
        users.column("id").into_iter().zip(users.column("name")).zip(users.column("organization_id"))
    {
        let customer = &customers[&new("customers", old)];
        assert_eq!((text(customer, "name"), text(customer, "companyId")), (name.to_owned(), new("companies", company)));
    }
    let sources = source("tickets");
    for ((old, subject), requester) in
        sources.column("Id").into_iter().zip(sources.column("Subject")).zip(sources.column("Requester id"))
    {
        let ticket = &tickets[&new("tickets", old)];
        let expected = (subject.to_owned(), new("customers", requester));
        assert_eq!((text(ticket, "subject"), text(ticket, "custUserId")), expected);
    }
    let tags = [
        text(&customers[&new("customers", "360000000201")], "tableName"),
        text(&companies[&new("companies", "360000000102")], "tableName"),
        text(&tickets[&new("tickets", "303")], "tagList"),
    ];
    assert!(tags.iter().all(|tags| tags.contains("示例迁移")), "{tags:?}");
    let bound = work.runs().into_iter().find(|run| run.to_string_lossy().contains("bindings")).unwrap();
    assert_eq!(work.table(bound.join("results.csv")).column("status"), ["created", "created"]);
    // A week later the same commands send nothing.
    let before = work.bw8("ids export again.csv --sandbox").exits(0).stdout().to_owned();
    for command in commands("README.md", "## A whole migration").iter().take(3) {
        work.bw8(command).exits(0);
    }
    work.bw8("ids export last.csv --sandbox").exits(0);
    assert_eq!(work.read("last.csv"), work.read("again.csv"), "{before}");
}
