//! Which row is this? A row is known by what it says in the columns that are sent, whatever else changes in the file.

use crate::harness::{Server, Table, Work, all_sheets, assert_rows, customers};

/// Ten tickets, which have no key.
fn tickets() -> Table {
    let mut table = Table::of(&["标题", "描述", "客户编号"]);
    for number in 1..=10 {
        table.push(&[&format!("示例 {number}"), "打印机坏了", "50001"]);
    }
    table
}

fn with_column(table: &Table, at: usize, header: &str, value: impl Fn(usize) -> String) -> Table {
    let mut wider = table.clone();
    for (index, row) in wider.rows.iter_mut().enumerate() {
        row.insert(at, if index == 0 { header.to_owned() } else { value(index) });
    }
    wider
}

#[test]
fn a_column_that_is_not_sent_makes_no_other_rows() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("tickets.csv", &tickets());
    work.on(&server, "import tickets tickets.csv").exits(0);
    let stored = server.stored("tickets");
    let remarks = with_column(&tickets(), 3, "内部批注", |index| format!("看过 {index}"));
    let numbers = with_column(&tickets(), 0, "序号", |index| index.to_string());
    let mut reversed = tickets();
    reversed.rows[1..].reverse();
    for table in [remarks, numbers, reversed] {
        work.write_table("tickets.csv", &table);
        work.on(&server, "import tickets tickets.csv").exits(0).says("this was done before");
        work.write_table("copy.csv", &table);
        work.on(&server, "import tickets copy.csv").exits(0).says("this was done before");
        assert_eq!(server.stored("tickets"), stored);
    }
}

/// What Excel makes of a file when it is saved again.
#[test]
fn a_file_that_was_saved_again_is_the_same_file() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,手机,公司编号,备注\n示例,13100000001,20001,2026-01-05\n");
    work.on(&server, "import customers mine.csv").exits(0);
    let stored = server.stored("customers");
    for again in [
        "姓名,手机,公司编号,备注\n示例,13100000001,20001,2026/1/5\n",
        "姓名,手机,公司编号,备注\n 示例 ,１３１０００００００１,20001,2026/1/5\n",
        "手机,姓名,备注,公司编号,\n13100000001,示例,2026-01-05,20001,\n",
    ] {
        work.write("mine.csv", again);
        work.on(&server, "import customers mine.csv").exits(0).says("this was done before");
        assert_eq!(server.stored("customers"), stored, "{again}");
    }
}

/// Somebody typed the file again: full-width signs come and go with the input method.
#[test]
fn texts_in_another_width_make_no_second_ticket_and_edit_a_row_that_is_known_otherwise() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "标题,描述,联系人编号\n示例0（急）,坏了！ A-1,50001\n示例1,坏了,50001\n");
    work.on(&server, "import tickets mine.csv").exits(0);
    let stored = server.stored("tickets");
    let again = "标题,描述,联系人编号\n示例０(急),坏了!　Ａ－１,50001\n示例１,坏了,50001\n";
    work.write("mine.csv", again);
    work.on(&server, "import tickets mine.csv").exits(0).says("this was done before");
    work.write("copy.csv", again);
    work.on(&server, "import tickets copy.csv").exits(0).says("this was done before");
    // Beside a third one they are two that may be meant once more.
    work.write("more.csv", format!("{again}示例２,坏了,50001\n"));
    work.on(&server, "import tickets more.csv").exits(3).says("2 rows say the same as what was imported before");
    assert_eq!(server.stored("tickets"), stored + 1);
    // Two such rows of one file are two tickets.
    work.write("twins.csv", "标题,描述,联系人编号\n孪生0,坏了,50001\n孪生０,坏了,50001\n");
    work.on(&server, "import tickets twins.csv").exits(0);
    assert_eq!(server.stored("tickets"), stored + 3);

    // What has a key is known by that, and what was edited is named.
    work.write("people.csv", "姓名,手机,公司编号\n示例Ａ,13100000001,20001\n");
    work.on(&server, "import customers people.csv").exits(0);
    let people = server.stored("customers");
    work.write("people.csv", "姓名,手机,公司编号\n示例A,13100000001,20001\n");
    work.on(&server, "import customers people.csv --accept-changed").exits(0).says("--mode update");
    assert_eq!(server.stored("customers"), people);
    work.on(&server, "import customers people.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 1");
    assert!(server.records("customers").iter().any(|record| record["name"] == "示例A"));
}

#[test]
fn an_unfinished_run_goes_on_when_its_file_was_sorted_or_got_more_rows() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 8));
    work.on(&server, "import customers mine.csv --limit 5").exits(0);
    let stored = server.stored("customers");
    let mut sorted = customers(1, 10);
    sorted.rows[1..].reverse();
    work.write_table("mine.csv", &sorted);
    work.on(&server, "import customers mine.csv").exits(0).says("going on with the run in");
    assert_eq!(server.stored("customers"), stored + 5);
    assert_rows(&work.summary(), "created 10");
    assert_eq!(work.runs().len(), 1);
}

#[test]
fn a_row_that_was_sent_and_is_gone_is_asked_about() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 8));
    work.on(&server, "import customers mine.csv --limit 5").exits(0);
    let stored = server.stored("customers");
    work.write_table("mine.csv", &customers(2, 8));
    work.on(&server, "import customers mine.csv").exits(2).says("4 rows of this input were sent then");
    assert_eq!(server.stored("customers"), stored);
    // Accepted, it is told all the same: in every report, and the figures add up.
    let accepted = work.on(&server, "import customers mine.csv --accept-changed");
    accepted.exits(0).says("9 rows: created 9").says("1 of these rows was sent before and is no longer in the file");
    assert_eq!(server.stored("customers"), stored + 4);
    assert_rows(&work.summary(), "created 9");
    assert_eq!(work.summary()["no_longer_in_file"], 1);
    let results = work.results();
    assert_eq!((results.len(), results.column("message")[8]), (9, "no longer in the file"));
    assert_eq!((results.column("row")[8], results.column("status")[8]), ("2", "created"));
    let ids: std::collections::BTreeSet<_> = results.column("id").into_iter().collect();
    assert_eq!(ids.len(), 9);
    let sheets = all_sheets(&work.run_folder().join("results.xlsx"));
    assert!(sheets.iter().any(|(_, sheet)| sheet.rows.iter().flatten().any(|cell| cell == "no longer in the file")));
    work.bw8("runs").exits(0).says("created 9");
    work.on(&server, "import customers mine.csv").exits(0).says("done before").says("created 9");
    // It is told no more once it is back.
    work.write_table("mine.csv", &customers(1, 9));
    work.on(&server, "import customers mine.csv --accept-changed").exits(0).never_says("no longer in the file");
    assert_eq!(server.stored("customers"), stored + 4);
    assert_rows(&work.summary(), "created 9");
}

#[test]
fn an_edited_row_is_not_told_as_one_that_left() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 6));
    work.on(&server, "import customers mine.csv --limit 4").exits(0);
    let mut edited = customers(1, 6);
    edited.set(1, "姓名", "示例改名");
    work.write_table("mine.csv", &edited);
    let ran = work.on(&server, "import customers mine.csv --accept-changed");
    ran.exits(0).never_says("no longer in the file");
    assert_rows(&work.summary(), "created 5, skipped 1");
    assert_eq!(work.summary()["no_longer_in_file"], 0);
}

/// A row in doubt that left is told as one; put back, it is looked for again.
#[test]
fn a_row_in_doubt_that_left_the_file_stays_in_doubt_until_it_is_back() {
    let server = Server::faulty(&["500-after-store,on=POST tickets,nth=3", "403,on=GET tickets,nth=2"]);
    let rows = |numbers: &[usize]| {
        let row = |n: &usize| format!("示例 {n},说明,50001\n");
        format!("标题,描述,联系人编号\n{}", numbers.iter().map(row).collect::<String>())
    };
    let work = Work::with("mine.csv", rows(&[1, 2, 3, 4, 5, 6]));
    let import = "import tickets mine.csv --run run --server-timeout 0 --no-canary --concurrency 1";
    work.on(&server, format!("{import} --limit 4")).exits_with_one_of(&[4, 5]);
    assert_eq!(work.table("run/results.csv").column("status")[2], "unknown");
    work.write("mine.csv", rows(&[1, 2, 4, 5, 6]));
    work.on(&server, format!("{import} --accept-changed")).exits(4).says("no longer in the file").says("put it back");
    assert_rows(&work.summary_of("run"), "created 5, unknown 1");
    work.on(&server, import).exits(4).says("put it back").never_says("bw8 settle run");
    work.write("mine.csv", rows(&[1, 2, 3, 4, 5, 6]));
    work.on(&server, format!("{import} --accept-changed")).exits_with_one_of(&[0, 4]);
    let settled = work.on(&server, "settle run --server-timeout 0");
    settled.exits(4).says("records that may be its own: 9").never_says("no longer in the file");
    assert_rows(&work.summary_of("run"), "created 5, unknown 1");
    assert_eq!(server.requests_to("tickets.create"), 6);
}

/// What came and what went is not told by how many rows there are.
#[test]
fn an_edit_is_seen_also_where_other_rows_left_at_the_same_time() {
    let rows = |numbers: &[usize], edited: Option<usize>| {
        let row = |n: &usize| {
            let text = if edited == Some(*n) { "说明，急" } else { "说明" };
            format!("示例 {n},{text},50001\n")
        };
        format!("标题,描述,联系人编号\n{}", numbers.iter().map(row).collect::<String>())
    };
    let server = Server::start("");
    let work = Work::with("mine.csv", rows(&[1, 2, 3, 4, 5, 6], None));
    let import = "import tickets mine.csv --run run";
    work.on(&server, format!("{import} --limit 3")).exits(0);
    let accept = format!("{import} --accept-changed");
    for left in [&[1, 2, 3, 5, 6][..], &[1, 2, 3, 4], &[1, 2, 5]] {
        work.write("mine.csv", rows(left, Some(2)));
        work.on(&server, &*accept).exits(2).says("row 3 (record 9").says("--accept-warnings=rows_gone");
        assert_eq!(server.requests_to("tickets.create"), 3, "{left:?}");
    }
    // Rows that only left are no question.
    work.write("mine.csv", rows(&[1, 3, 4, 6], None));
    work.on(&server, &*accept).exits(0);
    assert_eq!(server.requests_to("tickets.create"), 5);
    let summary = work.summary_of("run");
    assert_rows(&summary, "created 5");
    assert_eq!(summary["no_longer_in_file"], 1);
}

/// Who shares a telephone with somebody who was sent is no edit of them, as long as they are there themselves.
#[test]
fn a_twin_is_not_taken_for_an_edit() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n");
    work.on(&server, "import customers mine.csv").exits(0);
    work.write(
        "mine.csv",
        "姓名,手机,公司编号\n示例丙,13100000001,20001\n示例甲,13100000001,20001\n示例丁,13100000002,20001\n",
    );
    let ran = work.on(&server, "import customers mine.csv --accept-changed");
    ran.exits(3);
    let results = work.results();
    assert_eq!(results.column("status"), ["refused", "created", "skipped"], "{ran}");
    assert_eq!(results.column("code"), ["duplicate", "", "changed_since_sent"], "{ran}");
}

#[test]
fn a_run_that_sent_nothing_binds_nobody() {
    let server = Server::start("--fault 401,on=POST_users,times=1");
    let work = Work::with("mine.csv", "姓名,手机,公司编号,电话二\n示例,13100000001,20001,010-00000000\n");
    work.on(&server, "import customers mine.csv").exits(6);
    work.write("m.toml", "[columns]\n'电话二' = 'fixnumber'\n");
    let before = server.stored("customers");
    work.on(&server, "import customers mine.csv --mapping m.toml").exits(0);
    assert_eq!(server.stored("customers"), before + 1);
}

/// Three rows of one key were sent once.
#[test]
fn a_warning_counts_what_was_sent_and_nothing_else() {
    let server = Server::start("");
    let work = Work::new();
    let mut table = customers(1, 20);
    for name in ["示例甲", "示例乙", "示例丙"] {
        table.push(&[name, "13100000001", "20001"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(3);
    work.on(&server, "import customers mine.csv --fresh --dry-run")
        .exits(3)
        .says("20 rows of this input were sent before");
}

/// Three tickets.
fn three() -> Table {
    let mut table = tickets();
    table.rows.truncate(4);
    table
}

#[test]
fn what_a_retry_created_is_known_when_the_first_file_is_imported_again() {
    let refused = ["422,on=POST tickets,nth=1", "422,on=POST tickets,nth=2", "422,on=POST tickets,nth=3"];
    let server = Server::faulty(&refused);
    let work = Work::new();
    let mut table = three();
    work.write_table("tickets.csv", &table);
    work.on(&server, "import tickets tickets.csv --no-canary --keep-going").exits(3);
    // Nobody but the retry has created anything, and rows were fixed in its list.
    let failed = work.run_folder().join("failed.csv");
    let mut fixed = work.table(&failed);
    work.write_table("failed.csv", fixed.set(0, "描述", "修好了"));
    work.on(&server, "retry failed.csv").exits(0);
    let stored = server.stored("tickets");
    table.set(0, "描述", "修好了");
    table.rows[1..].reverse();
    for name in ["tickets.csv", "copy.csv"] {
        work.write_table(name, &table);
        work.on(&server, format!("import tickets {name}")).exits(0);
        assert_eq!(server.stored("tickets"), stored, "{name}");
    }
}

#[test]
fn rows_that_are_done_stay_done_when_columns_are_read_in_another_way() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("tickets.csv", &three());
    work.write("columns.toml", "[constants]\npriorityLevel = \"3\"\n");
    work.on(&server, "import tickets tickets.csv --limit 2").exits(0);
    work.on(&server, "import tickets tickets.csv --mapping columns.toml").exits(2).says("--accept-changed");
    work.on(&server, "import tickets tickets.csv --mapping columns.toml --accept-changed").exits(0);
    assert_rows(&work.summary(), "created 3");
    assert!(server.count_by("tickets", "subject").iter().all(|(subject, n)| !subject.starts_with("示例 ") || *n == 1));
}

#[test]
fn an_old_list_of_failed_rows_is_refused_where_its_numbers_may_mean_other_rows() {
    let server = Server::faulty(&["422,on=POST tickets,nth=3", "422,on=POST tickets,nth=4"]);
    let work = Work::new();
    let mut table = three();
    work.write_table("tickets.csv", &table);
    work.on(&server, "import tickets tickets.csv --concurrency 1").exits(3);
    let mut old = work.table(work.run_folder().join("failed.csv"));
    table.rows[1..].reverse();
    work.write_table("tickets.csv", &table);
    work.on(&server, "import tickets tickets.csv --accept-changed").exits(3);
    work.write_table("old.csv", old.set(0, "标题", "改过的标题"));
    work.on(&server, "retry old.csv --run again").exits(3);
    assert!(work.read("again/results.csv").contains("empty the cell bw8_row"));
    work.write_table("old.csv", old.set(0, "bw8_row", ""));
    work.on(&server, "retry old.csv --run last").exits(0);
    assert_eq!(server.count_by("tickets", "subject")["改过的标题"], 1);
}

#[test]
fn rows_that_were_edited_after_they_were_sent_stay_known_under_another_file_name() {
    let server = Server::start("");
    let work = Work::with("a.csv", "公司名称,地址\n示例甲,a\n示例乙,b\n");
    work.on(&server, "import companies a.csv").exits(0);
    let stored = server.stored("companies");
    work.write("a.csv", "公司名称,地址\n示例甲,a2\n示例乙,b2\n");
    work.on(&server, "import companies a.csv --accept-changed").exits(0);
    work.write("b.csv", "公司名称,地址\n示例乙,b2\n示例甲,a2\n");
    work.on(&server, "import companies b.csv").exits(0).says("imported before");
    assert_eq!(server.stored("companies"), stored);
}

#[test]
fn an_unfinished_run_goes_on_without_the_rows_that_another_one_has_sent_since() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("all.csv", &tickets());
    work.on(&server, "import tickets all.csv --limit 1 --run all").exits(0);
    let mut some = tickets();
    some.rows.drain(1..6);
    work.write_table("some.csv", &some);
    work.on(&server, "import tickets some.csv --run some").exits(0);
    let stored = server.stored("tickets");
    // They have no key, and the other file is done with: each of them may be meant once more.
    work.on(&server, "import tickets all.csv").exits(3).says("5 rows say the same as what was imported before");
    assert_rows(&work.summary_of("all"), "created 5, held 5");
    assert_eq!(server.stored("tickets"), stored + 4);
    // Consent to what may double is given by name, or for the row.
    work.on(&server, "import tickets all.csv --accept-warnings").exits(3);
    assert_eq!(server.stored("tickets"), stored + 4);
    let mut failed = work.table("all/failed.csv");
    failed.set(0, "confirm import", "yes");
    work.write_table("confirmed.csv", &failed);
    work.on(&server, "retry confirmed.csv --run confirmed").exits(3);
    assert_eq!(server.stored("tickets"), stored + 5);
    work.on(&server, "import tickets all.csv --accept-warnings=sent_before").exits(0);
    assert_eq!(server.stored("tickets"), stored + 9);
}

/// Two people of one name and mobile in two files are for a person to tell apart.
#[test]
fn a_row_whose_key_another_run_has_sent_is_refused() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::new();
    work.write_table("a.csv", &customers(1, 3));
    work.on(&server, "import customers a.csv --run a").exits(0);
    let mut b = customers(2, 3);
    b.set(0, "姓名", "示例 另一人");
    work.write_table("b.csv", &b);
    let stored = server.stored("customers");
    let ran = work.on(&server, "import customers b.csv --run b");
    ran.exits(3).says("1 row has the key of a row that was sent before").says("--mode update");
    assert_rows(&work.summary_of("b"), "created 1, skipped 1, refused 1");
    assert_eq!(work.table("b/failed.csv").column("姓名"), ["示例 另一人"]);
    assert_eq!(server.stored("customers"), stored + 1);
    work.write_table("one.csv", &Table { rows: b.rows[..2].to_vec() });
    work.on(&server, "import customers one.csv --fresh --run one").exits(0).says("second time");
    assert_eq!(server.stored("customers"), stored + 2);
}

/// A row in doubt, or one without a key, that is edited in the file is not sent as a new one.
#[test]
fn an_edited_row_that_was_sent_is_not_sent_once_more_as_another_one() {
    let server = Server::faulty(&["500-after-store,on=POST tickets,nth=3", "403,on=GET tickets,times=1"]);
    let work = Work::new();
    let rows = |third: &str| {
        let row = |n: usize| format!("示例 {n},{},50001\n", if n == 3 { third } else { "说明" });
        format!("标题,描述,联系人编号\n{}", (1..=8).map(row).collect::<String>())
    };
    work.write("mine.csv", rows("说明"));
    let import = "import tickets mine.csv --run run --server-timeout 0 --no-canary --concurrency 1";
    work.on(&server, format!("{import} --limit 5")).exits_with_one_of(&[4, 5]);
    let stored = server.requests_to("tickets.create");
    work.write("mine.csv", rows("说明，急"));
    work.on(&server, import).exits(2).says("--accept-changed");
    let refused = work.on(&server, format!("{import} --accept-changed"));
    refused.exits(2).says("row 4 (not known whether it arrived)").says("bw8 settle");
    assert_eq!(server.requests_to("tickets.create"), stored);
    // As it was, the run goes on, and what became of the row is found out.
    work.write("mine.csv", rows("说明"));
    work.on(&server, import).exits_with_one_of(&[0, 4]);
    assert_eq!(server.requests_to("tickets.create"), 8);
    // Once all is known an edit of a row that has no key is still named; who knows better says so.
    let server = Server::start("");
    let work = Work::with("mine.csv", rows("说明"));
    work.on(&server, "import tickets mine.csv --run run --limit 5").exits(0);
    work.write("mine.csv", rows("说明，急"));
    let edited = "import tickets mine.csv --run run --accept-changed";
    work.on(&server, edited).exits(2).says("row 4 (record 9").says("--accept-warnings=rows_gone");
    assert_eq!(server.requests_to("tickets.create"), 5);
    work.on(&server, format!("{edited} --accept-warnings=rows_gone")).exits(0);
    assert_eq!(server.requests_to("tickets.create"), 9);
    // The record of the row that went is still found.
    let gone = server
        .records("tickets")
        .into_iter()
        .find(|ticket| ticket["subject"] == "示例 3" && ticket["descript"] == "说明");
    let id = gone.unwrap()["ticketId"].as_str().unwrap().to_owned();
    work.bw8(format!("runs find {id}")).exits(0).says("row 4");
    let results = work.table("run/results.csv");
    let row = results.column("id").iter().position(|found| *found == id).unwrap();
    assert_eq!(results.column("message")[row], "no longer in the file");
    assert_rows(&work.summary_of("run"), "created 9");
}
