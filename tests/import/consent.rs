//! What may be right is held back until a person consents: to its kind on the command line, or to the row in its own cell.

use crate::harness::*;

const WITH_NULL: &str = "姓名,手机,QQ,公司编号\n示例甲,13100000001,NULL,20001\n示例乙,13100000002,10001,20001\n";

fn failed(work: &Work) -> Table {
    Table::read(&work.run_folder().join("failed.csv"))
}

#[test]
fn a_row_that_has_to_be_looked_at_waits_and_the_others_are_sent() {
    let work = Work::with("mine.csv", WITH_NULL);
    work.bw8("check customers mine.csv").exits(3).says("1 row may be right").says("null_word").says("C \"QQ\"");
    work.bw8("check customers mine.csv --accept-warnings=null_word").exits(0).says("agreed to, and sent accordingly");
    work.bw8("import customers mine.csv --dry-run --sandbox").exits(3).says("1 row waits for your consent");
    let ran = work.bw8("import customers mine.csv --sandbox --format json");
    ran.exits(3);
    assert_eq!((&ran.json()["rows"]["created"], &ran.json()["rows"]["held"]), (&1.into(), &1.into()));
    assert_eq!(work.results().column("status"), ["held", "created"]);
    assert_eq!(work.results().column("code"), ["null_word", ""]);
    assert_eq!(failed(&work).column("bw8_status"), ["held"]);
    assert_eq!(failed(&work).column("confirm import"), [""]);
    work.bw8("import customers mine.csv --sandbox --lang zh").exits(3).says("待您确认 1");
}

#[test]
fn yes_agrees_to_no_warning() {
    let work = Work::with("mine.csv", WITH_NULL);
    work.bw8("import customers mine.csv --sandbox --yes").exits(3);
    assert_eq!(work.results().column("status"), ["held", "created"]);
}

#[test]
fn consent_on_the_command_line_sends_the_row() {
    for consent in ["--accept-warnings", "--accept-warnings=null_word,hidden_row"] {
        let work = Work::with("mine.csv", WITH_NULL);
        work.bw8(format!("import customers mine.csv --sandbox {consent}")).exits(0);
        assert_eq!(work.results().column("status"), ["created", "created"], "{consent}");
    }
    let work = Work::with("mine.csv", WITH_NULL);
    work.bw8("import customers mine.csv --sandbox --accept-warnings=hidden_row").exits(3);
}

#[test]
fn consent_in_the_failed_file_sends_the_row_once() {
    for (yes, sent) in [("是", true), ("yes", true), ("", false), ("否", false)] {
        let work = Work::with("mine.csv", WITH_NULL);
        work.bw8("import customers mine.csv --sandbox").exits(3);
        let mut failed = failed(&work);
        failed.set(0, "confirm import", yes);
        let file = work.run_folder().join("failed.csv");
        std::fs::write(&file, failed.to_csv()).unwrap();
        let ran = work.bw8(["retry", file.to_str().unwrap(), "--sandbox", "--format", "json"]);
        ran.exits(if sent { 0 } else { 3 });
        assert_eq!(ran.json()["rows"]["created"], u64::from(sent), "{yes}");
        assert_eq!(ran.json()["rows"]["held"], u64::from(!sent), "{yes}");
        work.bw8(["retry", file.to_str().unwrap(), "--sandbox"]).exits(if sent { 0 } else { 3 });
        work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
        assert_eq!(
            work.table("all.csv").rows.iter().filter(|row| row.contains(&"示例甲".into())).count(),
            usize::from(sent)
        );
    }
}

#[test]
fn a_held_run_can_be_retried_with_consent_on_the_command_line() {
    let work = Work::with("mine.csv", WITH_NULL);
    work.bw8("import customers mine.csv --sandbox").exits(3);
    let folder = work.run_folder();
    work.bw8(["retry", folder.to_str().unwrap(), "--sandbox", "--accept-warnings"]).exits(0);
}

#[test]
fn a_required_cell_without_a_value_is_refused_even_with_consent() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例甲,NULL,20001\n示例乙,13100000002,20001\n");
    work.bw8("import customers mine.csv --sandbox --accept-warnings").exits(3);
    assert_eq!(work.results().column("status"), ["refused", "created"]);
    assert_eq!(work.results().column("code"), ["one_of", ""]);
}

#[test]
fn the_same_command_with_consent_sends_what_was_held() {
    let work = Work::with("mine.csv", WITH_NULL);
    work.bw8("import customers mine.csv --sandbox").exits(3);
    work.bw8("import customers mine.csv --sandbox --accept-warnings=hidden_row").exits(3);
    work.bw8("import customers mine.csv --sandbox --accept-warnings").exits(0);
    assert_eq!(work.results().column("status"), ["created", "created"]);
    work.bw8("import customers mine.csv --sandbox --accept-warnings").exits(0).says("done before");
}
