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

/// Every record of the files is there once, by its old id, with what it says and what it refers to.
#[track_caller]
fn assert_moved(work: &Work) {
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
    let is_once = |records: &HashMap<String, Map<String, Value>>, field: &str, texts: &[&str]| {
        let there = |wanted: &&str| records.values().filter(|record| text(record, field) == **wanted).count();
        texts.iter().all(|wanted| there(wanted) == texts.iter().filter(|text| text == &wanted).count())
    };
    assert!(is_once(&companies, "companyName", &organizations.column("name")));
    assert!(is_once(&customers, "name", &users.column("name")));
    assert!(is_once(&tickets, "subject", &sources.column("Subject")));
}

#[test]
fn the_chapter_moves_companies_contacts_tickets_tags_and_bindings_with_all_their_relations() {
    let work = prepared();
    for command in commands("README.md", "## A whole migration") {
        work.bw8(command).exits(0);
    }
    assert_moved(&work);
    // A week later the same commands send nothing.
    let before = work.bw8("ids export again.csv --sandbox").exits(0).stdout().to_owned();
    for command in commands("README.md", "## A whole migration").iter().take(3) {
        work.bw8(command).exits(0);
    }
    work.bw8("ids export last.csv --sandbox").exits(0);
    assert_eq!(work.read("last.csv"), work.read("again.csv"), "{before}");
}

/// Kills of the campaign, unless `KILLS` says another number.
const KILLS: u64 = 20;
/// Longest that a command of the campaign lives before it is killed.
const LIVES: u64 = 900;

/// Gives a command until it has come to its end. What nobody knows of is settled; the service died with the command, so that
/// nothing that was sent can still be at work.
#[track_caller]
fn to_its_end(work: &Work, command: &str) {
    for _ in 0..6 {
        if work.bw8(format!("{command} --server-timeout 0")).exits_with_one_of(&[0, 4, 5]) == 0 {
            return;
        }
        for run in work.runs() {
            let run = run.file_name().unwrap().to_str().unwrap().to_owned();
            work.bw8(format!("settle {run} --sandbox --server-timeout 0 --resend-unknown"))
                .exits_with_one_of(&[0, 4, 5]);
        }
    }
    panic!("it never comes to its end: {command}");
}

/// The chapter's commands are killed at random and given again: `KILLS=200 KILLS_SEED=7 cargo test --test main -- --ignored
/// killed_at_random` kills oftener, with another history.
#[test]
#[ignore = "long: see above"]
fn the_chapter_killed_at_random_moves_all_of_it_once() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (most, seed) = (number("KILLS").unwrap_or(KILLS), number("KILLS_SEED").unwrap_or(1));
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut kills, mut histories) = (0, 0);
    while kills < most {
        let work = prepared();
        let mut commands = commands("README.md", "## A whole migration");
        commands.retain(|command| command.starts_with("import"));
        for command in commands {
            for _ in 0..random.u64(..4) {
                let mut running = work.start(work.command(&command));
                std::thread::sleep(std::time::Duration::from_millis(random.u64(..LIVES)));
                kills += u64::from(running.is_running());
                running.kill();
            }
            to_its_end(&work, &command);
        }
        assert_moved(&work);
        histories += 1;
    }
    println!("{kills} kills in {histories} histories from seed {seed}");
}
