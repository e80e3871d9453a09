//! The handbooks: every command of every page is run, and what is said of the code's own types is what the code says.
//! `BW8_UPDATE=1 cargo test handbook` writes the generated parts anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::harness::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The commands in the blocks of a page that are for a shell.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut is_shell = false;
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            is_shell = matches!(kind, "sh" | "bat");
        } else if let Some(rest) = line.strip_prefix("bw8 ").filter(|_| is_shell) {
            commands.push(rest.split("  #").next().unwrap_or_default().trim().to_owned());
        }
    }
    commands
}

/// The run that was last begun for an account, as a command names it.
fn last_run(work: &Work) -> String {
    let runs = work.runs();
    let is_real = |run: &&PathBuf| !run.to_string_lossy().contains("sandbox");
    let run = runs.iter().rev().find(is_real).expect("no run");
    run.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_command_of_the_handbook_works() {
    let samples = root().join("samples");
    for (name, least) in [("handbook.zh-CN.md", 20), ("handbook.md", 20)] {
        let (work, server) = (Work::new(), Server::start(""));
        for (sample, names) in [
            ("customers.xlsx", ["客户.xlsx", "customers.xlsx"]),
            ("customers-with-mistakes.xlsx", ["有误.xlsx", "customers-with-mistakes.xlsx"]),
        ] {
            for name in names {
                std::fs::copy(samples.join(sample), work.path(name)).unwrap();
            }
        }
        let login = "user = \"demo@example.com\"\npassword = \"sandbox\"\n";
        work.write_private("bw8.toml", &format!("[account.default]\nbase_url = \"{}\"\n{login}", server.base_url()));
        let commands = commands(&page(name));
        assert!(commands.len() >= least, "{name}: {commands:?}");
        for command in commands {
            let mut typed = command.clone();
            for folder in ["<文件夹>", "<folder>"] {
                if typed.contains(folder) {
                    typed = typed.replace(folder, &last_run(&work));
                }
            }
            // What has mistakes ends with 3, and that is what it is there for.
            let of_mistakes = ["retry", "settle"].iter().any(|command| typed.starts_with(command));
            let has_mistakes = typed.starts_with("import") && (typed.contains("mistakes") || typed.contains("有误"));
            let talks = ["import", "retry", "settle", "export"].iter().any(|command| typed.starts_with(command));
            let ran = match talks && !typed.contains("--sandbox") {
                true => work.on(&server, typed.as_str()),
                false => work.bw8(typed.as_str()),
            };
            ran.exits(if has_mistakes || of_mistakes { 3 } else { 0 });
        }
    }
}

#[test]
fn the_worked_example_of_the_reference_is_understood() {
    for (name, entity) in [("reference.zh-CN.md", "短信"), ("reference.md", "sms")] {
        let text = page(name);
        let block = |mark: &str| {
            let from = text.find(mark).unwrap_or_else(|| panic!("{name}: no {mark}"));
            let begin = from + text[from..].find("```toml\n").unwrap() + 8;
            text[begin..begin + text[begin..].find("```").unwrap()].to_owned()
        };
        let work = Work::new();
        work.write("api.toml", block("<!-- sms -->"));
        work.write("map.toml", block("<!-- mapping example -->"));
        work.write("短信.csv", "收件人,内容\n13100000001,示例\n");
        work.write("sms.csv", "To,Text\n13100000001,example\n");
        work.write("客户.csv", "称呼,联系电话,区号,座机,备注\n示例 甲,13100000001,010,00000001,无\n");
        work.write("customers.csv", "称呼,联系电话,区号,座机,备注\n示例 甲,13100000001,010,00000001,无\n");
        let commands = commands(&text);
        assert!(commands.len() >= 5, "{commands:?}");
        for command in commands {
            work.bw8(command.as_str()).exits(0);
        }
        work.bw8(format!("check {entity} 短信.csv --lang zh")).exits(0).says("没有发现问题");
    }
}

/// The fields of a struct of the code, each with its documentation; those of the program's own left out.
fn fields(file: &str, name: &str) -> Vec<(String, String)> {
    let source = std::fs::read_to_string(root().join(file)).unwrap();
    let begin = source.find(&format!("struct {name} {{")).unwrap_or_else(|| panic!("{file}: no {name}"));
    let body = &source[begin..begin + source[begin..].find("\n}").unwrap()];
    let (mut fields, mut said, mut is_read) = (Vec::new(), Vec::new(), true);
    for line in body.lines().skip(1).map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            said.push(words.trim());
        } else if line.starts_with("#[serde(skip") {
            is_read = false;
        } else if let Some((field, _)) =
            line.trim_start_matches("pub ").split_once(": ").filter(|_| !line.starts_with('#'))
        {
            let words = std::mem::take(&mut said).join(" ");
            assert!(!words.is_empty(), "{file}: {name}.{field} has no documentation");
            let is_read = std::mem::replace(&mut is_read, true);
            if is_read && !words.contains("by the program") && !words.contains("the catalog does not know") {
                fields.push((field.to_owned(), words));
            }
        }
    }
    assert!(fields.len() > 2, "{file}: {name}: {fields:?}");
    fields
}

/// The tables of the reference: heading of the section, file, struct.
const TABLES: [(&str, &str, &str); 6] = [
    ("mapping", "src/mapping/file.rs", "Document"),
    ("entity", "src/entity/entity.rs", "Entity"),
    ("endpoint", "src/entity/endpoint.rs", "Endpoint"),
    ("field", "src/entity/field.rs", "Field"),
    ("choice", "src/entity/choice.rs", "Choice"),
    ("rule", "src/entity/rule.rs", "Rule"),
];

/// The text between the marks of a generated part.
fn between<'a>(page: &'a str, mark: &str) -> &'a str {
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let from = page.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    &page[from..from + page[from..].find(&end).unwrap_or_else(|| panic!("no {end}"))]
}

/// Holds a generated part of a page against what it should be.
#[track_caller]
fn hold(name: &str, mark: &str, made: &str) {
    let text = page(name);
    let had = between(&text, mark).to_owned();
    if std::env::var_os("BW8_UPDATE").is_some() && had != made {
        let new = text.replacen(&format!("<!-- {mark} -->\n{had}"), &format!("<!-- {mark} -->\n{made}"), 1);
        std::fs::write(root().join("docs").join(name), new).unwrap();
        return;
    }
    assert!(had == made, "docs/{name}, {mark}, is not what the code says: BW8_UPDATE=1 cargo test handbook\n{made}");
}

#[test]
fn the_reference_is_what_the_code_says() {
    let zh = page("reference.zh-CN.md");
    for (mark, file, name) in TABLES {
        let fields = fields(file, name);
        let rows = fields.iter().map(|(field, words)| format!("| `{field}` | {} |\n", words.replace('|', "\\|")));
        hold("reference.md", mark, &format!("| name | meaning |\n| --- | --- |\n{}", rows.collect::<String>()));
        // The Chinese page says the same names in the same order, in words of its own.
        let named: Vec<&str> = between(&zh, mark)
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .map(|(name, words)| {
                assert!(!words.trim_end_matches('|').trim().is_ascii(), "{mark}: {name} has no words");
                name
            })
            .collect();
        let names: Vec<&str> = fields.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(named, names, "docs/reference.zh-CN.md, {mark}");
    }
}

/// Codes whose texts stand elsewhere than among those of the check.
const ELSEWHERE: [(&str, &str, &str); 2] = [
    ("duplicate", "import.duplicate_kind", "import.duplicate_hint"),
    ("lacks_for_new", "check.lacks_for_new", "modes.lacks_for_new_hint"),
];

#[test]
fn the_list_of_codes_is_what_the_program_says() {
    let texts: BTreeMap<String, [String; 2]> = crate::texts::texts()
        .into_iter()
        .map(|(key, (en, zh))| (key, [en, zh].map(|text| plain(&text.unwrap_or_default()))))
        .collect();
    for (language, name, heads) in
        [(0, "errors.md", ["code", "what is wrong", "what to do"]), (1, "errors.zh-CN.md", ["代码", "问题", "办法"])]
    {
        let mut rows = BTreeMap::new();
        let text = |key: &str| texts.get(key).map(|texts| texts[language].clone());
        for key in texts.keys().filter_map(|key| key.strip_prefix("check.")) {
            if key.ends_with("_hint") || key.ends_with("_kind") {
                continue;
            }
            let kind = text(&format!("check.{key}_kind")).or_else(|| text(&format!("check.{key}"))).unwrap();
            rows.insert(key.to_owned(), [kind, text(&format!("check.{key}_hint")).unwrap_or_default()]);
        }
        for (code, kind, hint) in ELSEWHERE {
            rows.insert(code.to_owned(), [text(kind).unwrap(), text(hint).unwrap_or_default()]);
        }
        assert!(rows.len() > 80);
        let lines = rows.iter().map(|(code, [what, cure])| format!("| `{code}` | {what} | {cure} |\n"));
        let [code, what, cure] = heads;
        hold(
            name,
            "codes",
            &format!("| {code} | {what} | {cure} |\n| --- | --- | --- |\n{}", lines.collect::<String>()),
        );
    }
}

/// What stands before a code where a row or a finding gets one.
const BEFORE_CODES: [&str; 5] = ["code: \"", "reason(\"", "finding(\"", "Some((\"", "with_way_on(\""];

/// All codes that the program gives to rows and findings, as its sources write them.
fn codes() -> BTreeSet<String> {
    let is_code =
        |text: &str| text.len() > 3 && text.chars().all(|character| character.is_ascii_lowercase() || character == '_');
    let mut codes = BTreeSet::new();
    for source in sources(&root().join("src")) {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for before in BEFORE_CODES {
            let texts = code.split(before).skip(1).filter_map(|rest| rest.split('"').next());
            codes.extend(texts.filter(|text| is_code(text)).map(str::to_owned));
        }
        // A constant whose comment says that it is one.
        let mut is_said = false;
        for line in code.lines().map(str::trim) {
            match line.strip_prefix("///") {
                Some(words) => is_said |= words.contains("ode of"),
                None => {
                    let text = line.split_once("&str = \"").and_then(|(_, rest)| rest.split('"').next());
                    codes.extend(text.filter(|text| is_said && is_code(text)).map(str::to_owned));
                    is_said = false;
                }
            }
        }
    }
    codes
}

/// The sources below a folder, but those of tests and of the sandbox, whose codes are the service's.
fn sources(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_entry = |path: PathBuf| match path.file_name().and_then(|name| name.to_str()) {
        Some("sandbox" | "tests" | "tests.rs") => Vec::new(),
        _ if path.is_dir() => sources(&path),
        _ => vec![std::fs::read_to_string(path).unwrap()],
    };
    entries.flat_map(of_entry).collect()
}

#[test]
fn every_code_that_a_row_can_get_is_listed_with_its_cure() {
    let codes = codes();
    assert!(codes.len() > 40 && codes.contains("changed_meanwhile") && codes.contains("not_stored"), "{codes:?}");
    for name in ["errors.md", "errors.zh-CN.md"] {
        let text = page(name);
        let missing: Vec<&String> = codes.iter().filter(|code| !text.contains(&format!("| `{code}` |"))).collect();
        assert!(missing.is_empty(), "docs/{name} says nothing of {missing:?}");
        // Of what happens to a row once the account is asked there is always something to say.
        let (_, by_hand) = text.split_once("<!-- /codes -->").unwrap();
        let rows: Vec<Vec<&str>> =
            by_hand.lines().filter(|line| line.starts_with("| `")).map(|line| line.split(" | ").collect()).collect();
        assert!(rows.len() > 30, "docs/{name}");
        for row in rows {
            assert!(
                row.len() == 3 && row.iter().all(|cell| cell.trim_matches('|').trim().len() > 3),
                "{name}: {row:?}"
            );
        }
    }
}

/// A text as a page shows it: what is filled in is left open.
fn plain(text: &str) -> String {
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text)
        .replace("\\n", " ")
        .replace("\\\"", "\"")
        .replace('|', "\\|");
    let mut parts = text.split("%{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}…{}", part.split_once('}').map_or("", |(_, rest)| rest)))
}

#[test]
fn every_page_is_in_both_languages_and_leads_nowhere_that_is_not_there() {
    for name in ["handbook", "reference", "errors", "export"] {
        for (own, other) in
            [(format!("{name}.md"), format!("{name}.zh-CN.md")), (format!("{name}.zh-CN.md"), format!("{name}.md"))]
        {
            let text = page(&own);
            assert!(text.contains(&format!("]({other})")), "{own} does not lead to {other}");
            for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let file = link.split('#').next().unwrap_or_default();
                let is_here =
                    file.is_empty() || file.starts_with("http") || Path::new(&root().join("docs")).join(file).exists();
                assert!(is_here, "{own} leads to {link}");
            }
        }
    }
    let readmes = ["README.md", "README.zh-CN.md"].map(|name| std::fs::read_to_string(root().join(name)).unwrap());
    assert!(readmes[0].contains("docs/handbook.md") && readmes[1].contains("docs/handbook.zh-CN.md"));
}
