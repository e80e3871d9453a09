//! The same person twice in one file, known by a mobile in one row and by a landline and a name alone in another.

use crate::harness::*;

const HEAD: &str = "姓名,手机,固定电话,公司编号\n";
const WITH: &str = "示例甲,13100000001,010-00000001,20001\n";
const WITHOUT: &str = "示例甲,,010-00000001,20001\n";

#[track_caller]
fn assert_column(work: &Work, title: &str, expected: &[&str]) {
    assert_eq!(work.results().column(title), expected, "{:?}", work.results());
}

#[test]
fn the_later_one_of_two_rows_that_are_likely_the_same_waits_in_every_mode() {
    for mode in ["create", "skip-existing", "upsert"] {
        for rows in [[WITH, WITHOUT], [WITHOUT, WITH]] {
            let server = Server::start("");
            let (work, stored) = (Work::with("mine.csv", HEAD.to_owned() + &rows.concat()), server.stored("customers"));
            let ran = work.on(&server, format!("import customers mine.csv --mode {mode} --lang zh"));
            ran.exits(3).says("第 3 行").says("固定电话 + 姓名与第 2 行相同，很可能重复");
            assert_eq!(work.results().column("code"), ["", "likely_double"]);
            assert_eq!(server.stored("customers"), stored + 1, "{mode}");
        }
    }
}

#[test]
fn it_takes_its_own_word_to_send_both_and_next_week_asks_again() {
    let server = Server::start("");
    let work = Work::with("mine.csv", HEAD.to_owned() + WITH + WITHOUT);
    work.bw8("check customers mine.csv").exits(3).says("likely_double");
    let stored = server.stored("customers");
    work.on(&server, "import customers mine.csv --accept-warnings").exits(3);
    assert_eq!(server.stored("customers"), stored + 1);
    // The record of the first row is there by now.
    work.on(&server, "import customers mine.csv --accept-warnings=likely_double")
        .exits(3)
        .says("the account has 1 customer");
    work.on(&server, "import customers mine.csv --accept-warnings=likely_double,exists_in_account").exits(0);
    assert_column(&work, "status", &["created", "created"]);
    assert_eq!(server.stored("customers"), stored + 2);
    let next = (WITH.to_owned() + WITHOUT).replace("示例甲", "示例乙").replace("13100000001", "13100000002");
    work.write("next.csv", HEAD.to_owned() + &next);
    work.on(&server, "import customers next.csv --run next").exits(3);
    assert_rows(&work.summary_of("next"), "created 1, held 1");
    // In the file of what was held, a person says it of the row.
    let mut failed = work.table("next/failed.csv");
    work.write_table("confirmed.csv", failed.set(0, "confirm import", "yes"));
    work.on(&server, "retry confirmed.csv --run confirmed").exits(0);
    assert_eq!(server.stored("customers"), stored + 4);
}

#[test]
fn people_who_share_a_switchboard_are_no_doubles() {
    let server = Server::start("");
    let rows = [
        // Other names at one switchboard, with mobiles and without.
        "示例甲,13100000001,010-00000001,20001\n",
        "示例乙,13100000002,010-00000001,20001\n",
        "示例丙,,010-00000001,20001\n",
        "示例丁,,010-00000001,20001\n",
        // Two of one name there, with mobiles of their own.
        "示例戊,13100000003,010-00000001,20001\n",
        "示例戊,13100000004,010-00000001,20001\n",
        // One name at two switchboards.
        "示例己,13100000005,010-00000002,20001\n",
        "示例己,,010-00000003,20001\n",
        // One name without any landline.
        "示例庚,13100000006,,20001\n",
        "示例庚,,010-00000004,20001\n",
    ];
    let work = Work::with("mine.csv", HEAD.to_owned() + &rows.concat());
    work.bw8("check customers mine.csv").exits(0).never_says("likely");
    work.on(&server, "import customers mine.csv").exits(0);
    assert_rows(&work.summary(), "created 10");
}

#[test]
fn of_several_rows_each_is_told_apart_by_what_it_has() {
    let server = Server::start("");
    let rows = [
        WITH,
        // The same without its mobile, and once more: a duplicate without any doubt.
        WITHOUT,
        WITHOUT,
        // Refused for its own mistake: it holds nothing.
        "示例乙,abc,010-00000002,20001\n",
        "示例乙,,010-00000002,20001\n",
        // Two of one name with mobiles of their own, and one of whom nobody can tell which it is.
        "示例丙,13100000003,010-00000003,20001\n",
        "示例丙,13100000004,010-00000003,20001\n",
        "示例 丙,,(010) 00000003,20001\n",
    ];
    let work = Work::with("mine.csv", HEAD.to_owned() + &rows.concat());
    work.on(&server, "import customers mine.csv").exits(3);
    let codes = ["", "likely_double", "duplicate", "not_a_phone", "", "", "", "likely_double"];
    assert_column(&work, "code", &codes);
    let statuses = ["created", "held", "refused", "refused", "created", "created", "created", "held"];
    assert_column(&work, "status", &statuses);
    assert!(work.results().column("message")[7].contains("row 7"), "{:?}", work.results());
}

/// What is there is changed, whichever of its keys a row has; two rows that change one record are told by that record.
#[test]
fn rows_that_find_their_records_are_told_by_what_they_find() {
    let server = Server::start("");
    let work = Work::with("first.csv", HEAD.to_owned() + WITH);
    work.on(&server, "import customers first.csv --run first").exits(0);
    work.write("mine.csv", HEAD.to_owned() + WITH + WITHOUT);
    for mode in ["update", "upsert"] {
        work.on(&server, format!("import customers mine.csv --mode {mode} --run {mode}")).exits(3);
        assert_eq!(work.table(format!("{mode}/results.csv")).column("code"), ["", "same_record"], "{mode}");
    }
}

#[test]
fn a_mobile_that_was_added_since_an_earlier_file_makes_no_new_record() {
    let server = Server::start("");
    let work = Work::with("first.csv", HEAD.to_owned() + WITHOUT);
    work.on(&server, "import customers first.csv --run first").exits(0);
    let stored = server.stored("customers");
    work.write("next.csv", HEAD.to_owned() + WITH);
    let ran = work.on(&server, "import customers next.csv --run next --lang zh");
    ran.exits(3).says("很可能与以前导入过的行重复").says("记录编号 50061");
    assert_eq!(work.table("next/results.csv").column("code"), ["likely_double"]);
    work.on(&server, "import customers next.csv --run next --accept-warnings").exits(3);
    assert_eq!(server.stored("customers"), stored);
    // It is that record, and changes it.
    work.on(&server, "import customers next.csv --mode upsert --dry-run").exits(0).says("update 1");
    work.on(&server, "import customers next.csv --run next --accept-warnings=likely_double").exits(0);
    assert_eq!(server.stored("customers"), stored + 1);
}

#[test]
fn somebody_with_another_mobile_is_new_whatever_an_earlier_file_says() {
    let server = Server::start("");
    let work = Work::with("first.csv", HEAD.to_owned() + WITH);
    work.on(&server, "import customers first.csv --run first").exits(0);
    work.write("next.csv", (HEAD.to_owned() + WITH).replace("13100000001", "13100000002"));
    work.on(&server, "import customers next.csv --run next").exits(0);
    assert_rows(&work.summary_of("next"), "created 1");
}

#[test]
fn a_record_of_the_account_without_a_mobile_is_likely_the_one_of_a_row_with_it() {
    let (server, colleague) = (Server::start(""), Work::with("first.csv", HEAD.to_owned() + WITHOUT));
    colleague.on(&server, "import customers first.csv").exits(0);
    // Another one of the same name there, of whom the account knows another mobile, is another one.
    let other = ["示例联系人00004,13100000009,010-00000004,20001\n"];
    let work = Work::with("mine.csv", HEAD.to_owned() + WITH + &other.concat());
    let ran = work.on(&server, "import customers mine.csv");
    ran.exits(3).says("the account has 1 customer of this file already");
    assert_column(&work, "code", &["exists_in_account", ""]);
    assert!(work.results().column("message")[0].starts_with("Landline + Name: the account has record 50061"));
}
