//! The file of failed rows in people's hands: what a yes in it covers, and which of its columns are ours.

use crate::harness::*;

const HEAD: &str = "姓名,手机,公司编号,备注\n";

/// A service that takes a mobile twice, and has the mobiles 13000000001 and 13000000002.
fn server() -> Server {
    Server::start("--variant duplicate-mobile=accepted")
}

fn with_mobile(server: &Server, mobile: &str) -> usize {
    server.records("customers").iter().filter(|record| record["mobile"] == mobile).count()
}

#[test]
fn a_column_for_consent_in_a_file_that_is_not_ours_is_none() {
    let server = server();
    for heading in ["确认导入", "confirm import"] {
        let work = Work::with(
            "mine.csv",
            format!(
                "姓名,手机,公司编号,备注,{heading}\n示例甲,13000000001,20001,好,是\n示例乙,13100000002,20001,NULL,是\n"
            ),
        );
        let ran = work.on(&server, "import customers mine.csv --run run --lang zh");
        ran.exits(3).says("未识别，不导入");
        assert_rows(&work.summary_of("run"), "held 2");
        assert_eq!(work.table("run/results.csv").column("code"), ["exists_in_account", "null_word"]);
        // It stays beside ours, which stands where it always stands.
        let failed = work.table("run/failed.xlsx");
        assert_eq!(
            failed.header().iter().filter(|title| **title == "确认导入" || **title == "confirm import").count(),
            2
        );
        assert_eq!(failed.column(heading).last(), Some(&if heading == "确认导入" { "" } else { "是" }));
        work.write("back.xlsx", workbook(&[("mine", &failed)]));
        work.on(&server, "retry back.xlsx --run again").exits(3);
        assert_rows(&work.summary_of("again"), "held 2");
        assert_eq!(with_mobile(&server, "13000000001"), 1);
    }
}

#[test]
fn a_yes_covers_what_the_row_was_held_for_and_nothing_else() {
    let server = server();
    for (title, text, code) in [
        ("手机", "13000000002", "exists_in_account"),
        ("姓名", "合计", "totals_row_by_words"),
        ("公司编号", "NULL", ""),
    ] {
        let work = Work::with("mine.csv", format!("{HEAD}示例甲,13100000001,20001,NULL\n"));
        work.on(&server, "import customers mine.csv --run run").exits(3);
        let stored = server.stored("customers");
        for (file, run) in [("failed.csv", "text"), ("failed.xlsx", "book")] {
            let mut failed = work.table(format!("run/{file}"));
            failed.set(0, "confirm import", "是").set(0, title, text);
            match file {
                "failed.csv" => work.write_table("back.csv", &failed),
                _ => work.write("back.xlsx", workbook(&[("mine", &failed)])),
            }
            let back = file.replace("failed", "back");
            let ran = work.on(&server, format!("retry {back} --run {run}"));
            ran.exits(3);
            if !code.is_empty() {
                assert_eq!(work.table(format!("{run}/results.csv")).column("code"), [code], "{ran}");
            }
            assert_eq!(server.stored("customers"), stored, "{title}: {ran}");
        }
        assert!(!work.read("book/issues.csv").contains("(是)"), "{}", work.read("book/issues.csv"));
        // Once that was shown as well, a yes covers both.
        if code == "exists_in_account" {
            let mut failed = work.table("text/failed.csv");
            work.write_table("both.csv", failed.set(0, "confirm import", "是"));
            work.on(&server, "retry both.csv --run both").exits(0);
            assert_eq!(server.stored("customers"), stored + 1);
            assert_eq!(with_mobile(&server, text), 2);
        }
    }
}

#[test]
fn a_yes_to_a_second_record_is_for_the_one_that_was_shown() {
    let server = server();
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,13000000003,20001,好\n"));
    work.on(&server, "import customers mine.csv --run run").exits(3);
    let mut failed = work.table("run/failed.csv");
    failed.set(0, "confirm import", "是").set(0, "手机", "13000000004");
    work.write_table("other.csv", &failed);
    work.on(&server, "retry other.csv --run other").exits(3);
    assert_eq!(with_mobile(&server, "13000000004"), 1);
    failed.set(0, "手机", "13000000003");
    work.write_table("same.csv", &failed);
    work.on(&server, "retry same.csv --run same").exits(0);
    assert_eq!(with_mobile(&server, "13000000003"), 2);
}

#[test]
fn a_row_that_was_hidden_waits_until_somebody_says_yes_however_often_it_is_sent_again() {
    let rows = sheet_row("", &["姓名", "手机", "公司编号"])
        + &sheet_row("hidden='1'", &["示例甲", "13100000001", "20001"])
        + &sheet_row("", &["示例乙", "13100000002", "20001"]);
    let work = Work::with("mine.xlsx", Sheets::of(&rows).bytes());
    work.bw8("import customers mine.xlsx --sandbox --run first --lang zh").exits(3);
    let reasons: Vec<String> = [("first", "second"), ("second", "third")]
        .into_iter()
        .map(|(run, next)| {
            work.bw8(format!("retry {run} --sandbox --run {next} --lang zh")).exits(3);
            work.table(format!("{next}/failed.xlsx")).column("原因")[0].to_owned()
        })
        .collect();
    assert_eq!(reasons[0], reasons[1]);
    let mut failed = work.table("third/failed.xlsx");
    failed.set(0, "确认导入", "是");
    work.write("back.xlsx", workbook(&[("mine", &failed)]));
    work.bw8("retry back.xlsx --sandbox --run back").exits(0);
    assert_rows(&work.summary_of("back"), "created 1");
}

/// Three rows without a mobile, and the failed file with all three fixed.
fn three_fixed(server: &Server) -> (Work, Table) {
    let work =
        Work::with("mine.csv", "姓名,手机,公司编号,备注\n示例甲,,20001,好\n示例乙,,20001,好\n示例丙,,20001,好\n");
    work.on(server, "import customers mine.csv --run run --lang zh").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    for row in 0..3 {
        failed.set(row, "手机", &format!("1310000010{row}"));
    }
    (work, failed)
}

/// The same with the second row's note and the third row's mobile changed after they were sent.
fn edited_since(failed: &Table) -> Table {
    let mut edited = Table { rows: failed.rows.clone() };
    edited.set(1, "备注", "改了").set(2, "手机", "13100000109");
    edited
}

#[test]
fn what_is_edited_in_a_failed_file_after_it_was_sent_is_named_and_never_made_twice() {
    // In the same file, in a copy, and both with the option that takes a changed file.
    for (file, option) in [
        ("run/failed.xlsx", ""),
        ("run/failed.xlsx", " --accept-changed"),
        ("copy.xlsx", ""),
        ("copy.xlsx", " --accept-changed"),
    ] {
        let server = server();
        let (work, failed) = three_fixed(&server);
        work.write("run/failed.xlsx", workbook(&[("mine", &failed)]));
        work.on(&server, "retry run/failed.xlsx --lang zh").exits(0);
        let stored = server.stored("customers");
        work.write(file, workbook(&[("mine", &edited_since(&failed))]));
        let ran = work.on(&server, format!("retry {file}{option} --lang zh"));
        ran.exits(0).says("已跳过（已导入过） 1").says("已跳过（已导入过，之后有改动） 2").says("--mode update");
        let results = work.runs().pop().unwrap().join("results.csv");
        assert_eq!(work.table(&results).column("code"), ["retried_before", "changed_since_sent", "changed_since_sent"]);
        assert!(work.table(&results).column("id").iter().all(|id| !id.is_empty()));
        assert_eq!(server.stored("customers"), stored, "{file}{option}: {ran}");
    }
}

#[test]
fn a_failed_file_that_is_edited_while_its_retry_is_unfinished_makes_nothing_twice() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault 401,on=POST_users,nth=3");
    let (work, failed) = three_fixed(&server);
    work.write("run/failed.xlsx", workbook(&[("mine", &failed)]));
    work.on(&server, "retry run/failed.xlsx --concurrency 1 --no-canary").exits(6);
    let mut edited = failed;
    edited.set(0, "手机", "13100000109");
    work.write("run/failed.xlsx", workbook(&[("mine", &edited)]));
    let ran = work.on(&server, "retry run/failed.xlsx --lang zh");
    ran.exits(2).says("--accept-changed").never_says("bw8 retry");
    work.on(&server, "retry run/failed.xlsx --accept-changed --lang zh").exits(0).says("之后有改动");
    assert_eq!(with_mobile(&server, "13100000109"), 0);
    assert_eq!(server.count_by("customers", "name")["示例甲"], 1);
    assert_eq!(server.count_by("customers", "name")["示例丙"], 1);
}

#[test]
fn an_unfixed_copy_of_a_failed_file_is_not_told_as_edited() {
    let server = Server::start("--fault 422,on=POST_users,nth=1");
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,13100000001,20001,好\n"));
    work.on(&server, "import customers mine.csv --run run").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    work.write("copy.xlsx", workbook(&[("mine", &failed)]));
    work.write("fixed.xlsx", workbook(&[("mine", failed.set(0, "备注", "更好"))]));
    work.on(&server, "retry fixed.xlsx --run fixed").exits(0);
    work.on(&server, "retry copy.xlsx --run copy").exits(0);
    assert_eq!(work.table("copy/results.csv").column("code"), ["retried_before"]);
}

#[test]
fn the_rows_that_a_failed_file_names_are_its_own() {
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司编号,备注\n示例,13100000000,20001,\n示例甲,13100000001,20001,NULL\n示例乙,13100000001,20001,\n",
    );
    work.bw8("import customers mine.csv --sandbox --run run --lang zh").exits(3);
    let failed = work.table("run/failed.xlsx");
    assert_eq!(failed.column("原因")[1], "手机与本文件第 2 行重复");
    assert_eq!(failed.column("bw8_error")[1], "手机与本文件第 2 行重复");
    let notes = part_of(&work.path("run/failed.xlsx"), "xl/comments1.xml");
    assert!(notes.contains("与本文件第 2 行重复") && !notes.contains("第 3 行"), "{notes}");
}

#[test]
fn what_only_some_rows_have_beside_a_reason_is_not_said_of_all() {
    let rows =
        "姓名,手机,公司编号,在职状态,创建人编号\n示例甲,13100000001,20001,错,1.5\n示例乙,13100000002,20001,错,\n";
    let work = Work::with("mine.csv", rows);
    let ran = work.bw8("import customers mine.csv --sandbox --run run --lang zh");
    ran.exits(3).says("2 行 · 未发送（表格有误）：在职状态：只能填写");
    let line = ran.stdout().lines().find(|line| line.contains("2 行 · 未发送")).unwrap();
    assert!(!line.contains("创建人"), "{line}");
    let summary = &all_sheets(&work.path("run/results.xlsx"))[0].1;
    let reasons: Vec<&Vec<String>> =
        summary.rows.iter().filter(|row| row.iter().any(|cell| cell.contains("只能填写"))).collect();
    assert!(!reasons.is_empty() && reasons.iter().all(|row| !row.join(" ").contains("创建人")), "{reasons:?}");
}

#[test]
fn every_row_is_named_also_where_nothing_could_be_sent() {
    let server = server();
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,13100000001,20001,好\n示例乙,13100000002,20001,好\n"));
    let mut command = work.command_on(&server, "import customers mine.csv --run run --lang zh");
    command.env("BW8_PASSWORD", "wrong");
    work.run(command).exits(6);
    assert_eq!(work.table("run/results.csv").column("row"), ["2", "3"]);
    let rows = &all_sheets(&work.path("run/results.xlsx"))[1].1;
    assert_eq!((rows.column("行号"), rows.column("姓名")), (vec!["2", "3"], vec!["示例甲", "示例乙"]));
    assert_eq!(rows.column("手机"), ["13100000001", "13100000002"]);
    work.on(&server, "import customers mine.csv --run run --lang zh").exits(0);
}

#[test]
fn attempts_are_how_often_the_row_was_sent() {
    let server = server();
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,13100000001,20001,好\n示例乙,13100000002,20001,好\n"));
    work.on(&server, "import customers mine.csv --run run").exits(0);
    assert_eq!(work.table("run/results.csv").column("attempts"), ["1", "1"]);
    assert_eq!(server.requests_to("customers.create"), 2);
}

/// A workbook whose columns stand in this order.
fn in_order(table: &Table, order: &[usize]) -> Vec<u8> {
    let mut moved = Table { rows: Vec::new() };
    moved.rows.extend(table.rows.iter().map(|row| order.iter().map(|column| row[*column].clone()).collect()));
    workbook(&[("mine", &moved)])
}

#[test]
fn our_columns_are_known_wherever_a_person_moves_them() {
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,,20001,好\n示例乙,13100000002,20001,NULL\n"));
    work.bw8("import customers mine.csv --sandbox --run run --lang zh").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    failed.set(0, "手机", "13100000001").set(1, "确认导入", "是");
    assert_eq!(failed.header()[..4], ["原因", "建议", "确认导入", "姓名"]);
    for (name, order) in
        [("behind", [3, 4, 5, 6, 7, 8, 9, 10, 2, 1, 0]), ("between", [3, 4, 0, 5, 2, 6, 1, 7, 8, 9, 10])]
    {
        work.write(&format!("{name}.xlsx"), in_order(&failed, &order));
        let ran = work.bw8(format!("retry {name}.xlsx --sandbox --strict --lang zh --dry-run"));
        ran.exits(0).never_says("未识别");
    }
    work.bw8("retry behind.xlsx --sandbox --strict --run again --lang zh").exits(0);
    assert_rows(&work.summary_of("again"), "created 2");
}

#[test]
fn a_file_of_somebody_elses_has_no_columns_of_ours() {
    let work = Work::with("mine.csv", "原因,建议,标题,联系人编号,优先级\n客户投诉,赠礼,示例单,50001,很高\n");
    work.bw8("import tickets mine.csv --sandbox --run run --lang zh")
        .exits(3)
        .says("A  原因：未识别")
        .never_says("上次导入");
    for file in ["failed.csv", "failed.xlsx"] {
        let failed = work.table(format!("run/{file}"));
        assert_eq!(failed.header()[..5], ["原因", "建议", "原因", "建议", "标题"], "{file}");
        assert_eq!(failed.rows[1][2..4], ["客户投诉", "赠礼"], "{file}");
    }
    work.write(
        "map.toml",
        "[columns]\n\"原因\" = \"descript\"\n\"建议\" = \"tag\"\n[values.priority]\n\"很高\" = \"高\"\n",
    );
    work.bw8("import tickets mine.csv --sandbox --mapping map.toml --run mapped").exits(0);
    assert_rows(&work.summary_of("mapped"), "created 1");
}

#[test]
fn rows_that_are_deleted_from_a_failed_file_are_named_and_written_anew() {
    for (input, first) in [("mine.csv", "run/failed-2.xlsx"), ("mine.xlsx", "run/failed-2.xlsx")] {
        let server = server();
        let work = Work::new();
        let mut table = Table::of(&["姓名", "手机", "公司编号"]);
        for name in ["甲", "乙", "丙", "丁"] {
            table.push(&[&format!("示例{name}"), "", "20001"]);
        }
        match input {
            "mine.csv" => work.write_table(input, &table),
            _ => work.write(input, workbook(&[("mine", &table)])),
        }
        let import = format!("import customers {input} --run run --lang zh");
        work.on(&server, &*import).exits(3);
        let mut failed = work.table("run/failed.xlsx");
        for row in 0..4 {
            failed.set(row, "手机", &format!("1310000020{row}"));
        }
        failed.rows.drain(2..4);
        work.write("run/failed.xlsx", workbook(&[("mine", &failed)]));
        let ran = work.on(&server, "retry run/failed.xlsx --run again --lang zh");
        let words = "未成功的 2 行不在已重试的文件中（第 3、4 行）";
        ran.exits(0).says(words).says(&as_printed(first));
        assert_eq!(work.summary_of("again")["not_in_failed_file"], 2);
        // Neither the first command nor the second says that they were retried.
        let ran = work.on(&server, &*import);
        ran.exits(3).says(words).says("只重试过一部分").never_says("未成功的行已重试过").says(&as_printed(first));
        let mut left = work.table(first);
        assert_eq!(left.column("姓名"), ["示例乙", "示例丙"], "{input}");
        left.set(0, "手机", "13100000211").set(1, "手机", "13100000212");
        work.write(first, workbook(&[("mine", &left)]));
        work.on(&server, format!("retry {first} --run third --lang zh")).exits(0).never_says("仍未导入");
        work.on(&server, &*import).exits(3).says("未成功的行已重试过").never_says("仍未导入");
        assert_eq!(server.count_by("customers", "name")["示例乙"], 1);
    }
}

#[test]
fn a_failed_file_that_is_retried_whole_or_in_two_parts_leaves_no_row_behind() {
    let server = server();
    let (work, failed) = three_fixed(&server);
    let part = |rows: std::ops::Range<usize>| {
        let rows = std::iter::once(failed.rows[0].clone()).chain(failed.rows[rows].iter().cloned()).collect();
        workbook(&[("mine", &Table { rows })])
    };
    work.write("one.xlsx", part(1..3));
    work.write("two.xlsx", part(3..4));
    work.on(&server, "retry one.xlsx --run one --lang zh").exits(0).says("第 4 行");
    work.on(&server, "retry two.xlsx --run two --lang zh").exits(0).never_says("仍未导入");
    work.on(&server, "import customers mine.csv --run run --lang zh").exits(3).never_says("仍未导入");
}
