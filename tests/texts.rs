//! Every word a person reads exists in both languages, and says the same things in both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::harness::Work;

/// The texts of `locales/`, by key: English and Chinese.
pub fn texts() -> BTreeMap<String, (Option<String>, Option<String>)> {
    let mut texts: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    for file in files(&root().join("locales"), "yml") {
        let mut key = String::new();
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            if let Some(text) = line.strip_prefix("  en: ") {
                assert!(texts.entry(key.clone()).or_default().0.replace(text.into()).is_none(), "{key} twice");
            } else if let Some(text) = line.strip_prefix("  zh: ") {
                assert!(texts.entry(key.clone()).or_default().1.replace(text.into()).is_none(), "{key} twice");
            } else if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
                key = name.trim_matches('"').to_owned();
            } else {
                let known = line.starts_with("_version:") || line.trim().is_empty() || line.starts_with('#');
                assert!(known, "{}: a line of an unknown form: {line}", file.display());
            }
        }
    }
    texts
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|had| had == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    // `%{rows|row|rows}` is a word in the number of `rows`.
    text.split("%{").skip(1).filter_map(|rest| rest.split(['}', '|']).next()).collect()
}

#[test]
fn both_languages_say_the_same_things() {
    for (key, (en, zh)) in texts() {
        let (en, zh) = (en.unwrap_or_default(), zh.unwrap_or_default());
        assert!(!en.is_empty() && !zh.is_empty(), "{key} is missing in one language");
        assert_eq!(placeholders(&en), placeholders(&zh), "{key} fills in other things in the other language");
    }
}

#[test]
fn every_text_the_program_uses_exists() {
    let texts = texts();
    let mut missing = Vec::new();
    for file in files(&root().join("src"), "rs") {
        let source = std::fs::read_to_string(&file).unwrap();
        for (at, called) in source.match_indices("t!(").chain(source.match_indices("message!(")) {
            // `format!(` and its like end the same way; line breaks before the key are the formatter's.
            let is_other_macro = source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let rest = source[at + called.len()..].trim_start();
            let Some(rest) = rest.strip_prefix('"').filter(|_| !is_other_macro) else {
                continue;
            };
            let key = rest.split('"').next().unwrap_or_default();
            if !texts.contains_key(key) {
                missing.push(format!("{}: {key}", file.display()));
            }
        }
    }
    assert!(missing.is_empty(), "texts that do not exist:\n{}", missing.join("\n"));
}

/// A word in the number of something is chosen where a message is put into words, so its text has to be one.
#[test]
fn texts_with_a_number_of_their_own_are_messages() {
    let counted: Vec<String> = texts()
        .into_iter()
        .filter(|(_, (en, _))| {
            en.as_deref()
                .unwrap_or_default()
                .split("%{")
                .any(|part| part.split('}').next().unwrap_or_default().contains('|'))
        })
        .map(|(key, _)| format!("\"{key}\""))
        .collect();
    assert!(counted.len() > 10);
    for file in files(&root().join("src"), "rs") {
        let source = std::fs::read_to_string(&file).unwrap();
        for (at, _) in source
            .match_indices("t!(")
            .filter(|(at, _)| !source[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        {
            let rest = source[at + 3..].trim_start();
            let text = counted.iter().find(|key| rest.starts_with(key.as_str()));
            assert!(text.is_none(), "{}: {} is put into words by t!", file.display(), text.unwrap());
        }
    }
}

#[test]
fn every_command_and_option_has_chinese_help() {
    fn walk(
        command: &clap::Command,
        path: &str,
        texts: &BTreeMap<String, (Option<String>, Option<String>)>,
        missing: &mut Vec<String>,
    ) {
        let has = |key: &str| texts.contains_key(key);
        if !has(&format!("help{path}")) {
            missing.push(format!("help{path}"));
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            let (id, own) = (argument.get_id(), format!("help{path}.{}", argument.get_id()));
            if !["help", "version"].contains(&id.as_str()) && !has(&own) && !has(&format!("help.option.{id}")) {
                missing.push(own);
            }
        }
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            walk(sub, &format!("{path}.{}", sub.get_name()), texts, missing);
        }
    }
    let mut missing = Vec::new();
    walk(&bw8::cli::command(bw8::language::Language::En), "", &texts(), &mut missing);
    assert!(missing.is_empty(), "no help in locales/help.yml for:\n{}", missing.join("\n"));
}

#[test]
fn a_wrong_command_line_is_told_in_the_language_of_the_user() {
    for (line, words) in [
        ("import customers", ["缺少参数", "<文件>"]),
        ("import customers a.csv --limt 3", ["--limt", "--limit"]),
        ("import 客户.xlsx", ["请先写表格里是什么", "bw8 import 联系人 客户.xlsx"]),
        ("check customers", ["缺少参数", "<文件>"]),
        ("imprt", ["imprt", "import"]),
        ("import customers a.csv --format x", ["x", "text、json"]),
        ("import customers a.csv --fresh --accept-changed", ["--fresh", "--accept-changed"]),
    ] {
        let work = Work::new();
        let mut command = work.command(line);
        command.env("LANG", "zh_CN.UTF-8");
        let ran = work.run(command);
        let told = ran.exits(2).stderr();
        assert!(told.starts_with("错误：") && words.iter().all(|word| told.contains(word)), "{ran}");
    }
}

/// Words that were given up, and what is said instead.
const GIVEN_UP: [(&str, &str); 12] = [
    ("本地副本", "本机副本"),
    ("映射文件", "列对应表"),
    ("沙盒", "练习环境"),
    ("演练", "练习"),
    ("交回", "重新提交"),
    ("未接受", "帮我吧退回"),
    ("即将以账号", "将使用账号"),
    ("失败文件", "failed 文件"),
    ("失败的行", "未成功的行、被退回的行"),
    ("推测接口：%{names}", "接口的个数"),
    ("[OPTIONS]", "[选项]"),
    ("存疑", "待核实"),
];

#[test]
fn the_words_of_the_contract_are_kept() {
    let mut found = Vec::new();
    for (key, (_, zh)) in texts() {
        let zh = zh.unwrap_or_default();
        for (given_up, instead) in GIVEN_UP.iter().filter(|(given_up, _)| zh.contains(given_up)) {
            found.push(format!("{key}: {given_up} (say {instead}): {zh}"));
        }
    }
    for page in ["README.zh-CN.md", "docs/export.zh-CN.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for (given_up, instead) in GIVEN_UP.iter().take(5).filter(|(given_up, _)| text.contains(given_up)) {
            found.push(format!("{page}: {given_up} (say {instead})"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_grouped_by_kind_has_a_text_without_the_varying_part() {
    // What is the same for all rows of a kind.
    const FIXED: [&str; 14] = [
        "source", "entity", "labels", "column", "allowed", "max", "field", "label", "choice", "written", "why",
        "header", "rule", "folder",
    ];
    let texts = texts();
    let mut without = Vec::new();
    for (key, (_, zh)) in &texts {
        let is_rule =
            key.starts_with("check.") || key.starts_with("memory.row_") || key.starts_with("import.duplicate");
        let varies = placeholders(zh.as_deref().unwrap_or_default()).into_iter().any(|name| !FIXED.contains(&name));
        let other = key.ends_with("_hint") || key.ends_with("_kind");
        if is_rule && varies && !other && !texts.contains_key(&format!("{key}_kind")) {
            without.push(key.as_str());
        }
    }
    assert!(without.is_empty(), "no text for the kind: {without:?}");
    for (key, (_, zh)) in texts.iter().filter(|(key, _)| key.ends_with("_kind") && !key.starts_with("import.finding")) {
        let of = key.trim_end_matches("_kind");
        let varying = placeholders(zh.as_deref().unwrap_or_default()).into_iter().any(|name| !FIXED.contains(&name));
        assert!(!varying || !texts.contains_key(of) || key == "attempt.conflict_kind", "{key} varies: {zh:?}");
    }
}

/// Every command with its path and its arguments.
fn commands(language: bw8::language::Language) -> Vec<(String, clap::Command)> {
    fn walk(command: clap::Command, path: String, all: &mut Vec<(String, clap::Command)>) {
        for sub in command.get_subcommands().cloned().collect::<Vec<_>>() {
            walk(sub.clone(), format!("{path} {}", sub.get_name()), all);
        }
        all.push((path, command));
    }
    let mut all = Vec::new();
    walk(bw8::cli::command(language), "bw8".to_owned(), &mut all);
    all
}

#[test]
fn an_option_has_one_text_wherever_it_stands() {
    // They mean something else in the export, or in the template.
    const OWN: [&str; 7] = ["output", "template", "company", "columns", "encoding", "accept_incomplete", "online"];
    for language in [bw8::language::Language::En, bw8::language::Language::Zh] {
        let mut texts: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (path, command) in commands(language) {
            for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
                let (id, text) = (argument.get_id().to_string(), argument.get_help().unwrap_or_default().to_string());
                if OWN.contains(&id.as_str()) {
                    continue;
                }
                let (first, known) = texts.entry(id.clone()).or_insert_with(|| (path.clone(), text.clone()));
                assert_eq!(*known, text, "--{id} of {first} and of {path}");
            }
        }
        assert!(texts.len() > 40);
    }
}

/// `<FIELD>` in the middle of a Chinese help is a name that nobody has said.
#[test]
fn what_stands_for_a_value_has_a_chinese_name() {
    // Numbers, and columns by their letters.
    const ANYWHERE: [&str; 3] = ["N", "A,B", "A,B,…"];
    let mut seen = 0;
    for (path, command) in commands(bw8::language::Language::Zh) {
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            for name in argument.get_value_names().unwrap_or_default() {
                // What is typed as it stands is in small letters.
                let is_typed = name.to_ascii_lowercase() == name.as_str();
                let is_said = is_typed || ANYWHERE.contains(&name.as_str());
                assert!(is_said, "{path}: {} takes {name}", argument.get_id());
                seen += 1;
            }
        }
    }
    assert!(seen > 80, "{seen}");
}

#[test]
fn every_example_of_the_help_can_be_typed() {
    let mut seen = 0;
    for (key, (en, zh)) in texts().into_iter().filter(|(key, _)| key.starts_with("help.examples")) {
        for text in [en, zh].into_iter().flatten() {
            for line in text.trim_matches('"').split("\\n") {
                let typed = line.trim().split("  ").next().unwrap_or_default();
                let words = shlex::split(typed).unwrap();
                let parsed = bw8::cli::command(bw8::language::Language::En).try_get_matches_from(words);
                assert!(parsed.is_ok(), "{key}: {typed}: {}", parsed.unwrap_err());
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn the_short_help_fits_on_a_screen_and_the_long_one_leaves_nothing_out() {
    let work = Work::new();
    for language in ["zh", "en"] {
        for command in ["import", "check", "retry", "settle"] {
            let ran = work.bw8(format!("{command} -h --lang {language}"));
            let lines = ran.exits(0).stdout().lines().count();
            assert!(lines <= 60, "{command} {language}: {lines} lines\n{ran}");
            ran.says(&format!("bw8 {command} --help-all"));
            ran.never_says("--same-account");
        }
        let all = work.bw8(format!("import --help-all --lang {language}"));
        all.exits(0).says("--same-account").says("--ca-cert").never_says("--help-all");
        work.bw8(format!("help import --help-all --lang {language}")).exits(0).says("--same-account");
    }
    // What is not shown can be typed.
    work.bw8("check customers nothing.csv --keep-raw").exits(2).says("nothing.csv does not exist");
}
