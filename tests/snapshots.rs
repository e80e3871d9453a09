//! What people and scripts read, word for word, in both languages. After a text was changed on purpose,
//! `INSTA_UPDATE=always cargo test snapshots` writes `tests/snapshots/` anew; the difference is read before it is committed.

use crate::harness::*;

const LANGUAGES: [&str; 2] = ["en", "zh"];

/// Holds a text against the file of this name.
#[track_caller]
fn hold(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The same for what a run says, which is different each time in many places.
#[track_caller]
fn hold_run(name: &str, text: &str, work: &Work) {
    let mut settings = insta::Settings::clone_current();
    EACH_TIME.iter().for_each(|(looks, instead)| settings.add_filter(looks, *instead));
    settings.bind(|| hold(name, &without_folder(text, work)));
}

/// Everything a command said.
fn said(ran: &Ran) -> String {
    format!("-- stdout\n{}\n-- stderr\n{}", ran.stdout(), ran.stderr())
}

/// What `--help` says of a command, in lines of a fixed length.
fn help(path: &str, language: &str) -> String {
    let work = Work::new();
    let mut command = work.command(format!("{path} --help --lang {language}"));
    command.env("COLUMNS", "100");
    work.run(command).exits(0).stdout().to_owned()
}

/// The commands below this one, by its own help.
fn below(path: &str) -> Vec<String> {
    let help = help(path, "en");
    let Some(commands) = help.split("\nCommands:\n").nth(1) else { return Vec::new() };
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(|name| format!("{path} {name}").trim().to_owned()).collect()
}

#[test]
fn the_help_of_every_command() {
    let mut paths = vec![String::new()];
    let mut seen = 0;
    while let Some(path) = paths.pop() {
        for language in LANGUAGES {
            let name = format!("help {path} {language}").split_whitespace().collect::<Vec<_>>().join("-");
            hold(&name, &help(&path, language));
        }
        paths.extend(below(&path));
        seen += 1;
    }
    assert!(seen > 10, "only {seen} commands were found");
}

#[test]
fn the_entities() {
    let work = Work::new();
    for language in LANGUAGES {
        for (name, typed) in [("entities", "entities"), ("entities-customers", "entities customers")] {
            let ran = work.bw8(format!("{typed} --lang {language}"));
            hold(&format!("{name}-{language}"), ran.exits(0).stdout());
        }
    }
}

#[test]
fn what_a_check_finds() {
    for language in LANGUAGES {
        let work = Work::sample("customers-with-mistakes.xlsx");
        let ran = work.bw8(format!("check customers customers-with-mistakes.xlsx --lang {language}"));
        ran.exits(3);
        hold_run(&format!("check-{language}"), &said(&ran), &work);
        hold_run(&format!("issues-{language}"), &work.read("customers-with-mistakes.issues.csv"), &work);
    }
}

#[test]
fn what_an_import_says_and_writes() {
    for language in LANGUAGES {
        let work = Work::sample("customers-with-mistakes.xlsx");
        let import = "import customers customers-with-mistakes.xlsx --sandbox";
        let ran = work.bw8(format!("{import} --lang {language}"));
        ran.exits(3);
        hold_run(&format!("import-{language}"), &said(&ran), &work);
        let summary = serde_json::to_string_pretty(&work.summary()).unwrap();
        hold_run(&format!("summary-{language}"), &summary, &work);
        let shown = work.bw8(format!("runs show {} --lang {language}", work.run_folder().display()));
        hold_run(&format!("runs-show-{language}"), shown.exits(0).stdout(), &work);
        let listed = work.bw8(format!("runs --lang {language}"));
        hold_run(&format!("runs-{language}"), listed.exits(0).stdout(), &work);
    }
}
