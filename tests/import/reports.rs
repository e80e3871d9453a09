//! What a run keeps and reports: its reports need nothing but its own folder, each of them is written whatever becomes of
//! the others, and the kept cells can be forgotten.

use calamine::{Data, Reader as _};

use crate::harness::*;

/// Name of the kept cells in a run's folder.
const CELLS: &str = "cells.jsonl.gz";

/// A work directory with `n` customers in `mine.csv`, the last of them without a mobile number.
fn with_a_mistake(n: u64) -> Work {
    let work = Work::new();
    let mut table = customers(1, n);
    work.write_table("mine.csv", table.set(n as usize - 1, "手机", ""));
    work
}

#[test]
fn a_changed_or_deleted_input_costs_no_report() {
    for is_deleted in [true, false] {
        let (work, server) = (with_a_mistake(40), Server::start("--fault delay,ms=20"));
        let child = work.start(work.command_on(&server, "import customers mine.csv"));
        server.wait_for_requests(4);
        match is_deleted {
            true => std::fs::remove_file(work.path("mine.csv")).unwrap(),
            false => work.write("mine.csv", "no longer\na table of customers\n"),
        }
        child.ended().exits(3).says("failed.csv");
        assert_rows(&work.summary(), "created 39, refused 1");
        let failed = work.table(work.run_folder().join("failed.csv"));
        assert_eq!(failed.rows[1][..3], ["示例 40", "", "20001"]);
        assert_eq!(failed.column("bw8_row"), ["41"]);
    }
}

#[test]
fn rows_that_wait_have_their_numbers() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n\n示例 1,13100000001,20001\n\n示例 2,13100000002,20001\n");
    work.bw8("import customers mine.csv --sandbox --limit 1").exits(0);
    assert_eq!(work.results().column("row"), ["3", "5"]);
    assert_eq!(work.results().column("status"), ["created", "pending"]);
}

#[test]
fn a_failed_workbook_keeps_numbers_texts_and_its_sheet() {
    let work = Work::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("名单").unwrap();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (column, title) in (0..).zip(["姓名", "手机", "公司编号", "积分", "生日", "会员", "编码"]) {
        sheet.write_string(0, column, title).unwrap();
    }
    sheet.write_string(1, 0, "示例").unwrap().write_number(1, 2, 20_001).unwrap();
    sheet.write_number(1, 3, 1.5).unwrap().write_boolean(1, 5, true).unwrap().write_string(1, 6, "007").unwrap();
    sheet
        .write_datetime_with_format(1, 4, rust_xlsxwriter::ExcelDateTime::from_ymd(2000, 2, 29).unwrap(), &date)
        .unwrap();
    book.save(work.path("mine.xlsx")).unwrap();
    work.bw8("import customers mine.xlsx --sandbox").exits(3);
    let mut failed: calamine::Xlsx<_> = calamine::open_workbook(work.run_folder().join("failed.xlsx")).unwrap();
    let cells = failed.worksheet_range("名单").unwrap();
    // Why and what to do stand before the input's own columns.
    let row: Vec<Data> = cells.rows().nth(1).unwrap()[2..9].to_vec();
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!(row[..4], [text("示例"), Data::Empty, Data::Float(20_001.0), Data::Float(1.5)]);
    assert!(matches!(&row[4], Data::DateTime(date) if date.as_f64() == 36_585.0), "{row:?}");
    assert_eq!(row[5..], [text("TRUE"), text("007")]);
}

#[test]
fn the_kept_cells_take_half_the_room_of_the_rows() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut table = Table::of(&["姓名", "手机", "邮箱", "公司编号", "备注"]);
    for _ in 0..16_000 {
        let word: String = (0..6).map(|_| random.char('一'..='龥')).collect();
        let mobile = format!("13{:09}", random.u32(0..1_000_000_000));
        let name: String = (0..8).map(|_| random.lowercase()).collect();
        table.push(&[&word, &mobile, &format!("{name}@example.com"), "20001", "电话 预约 回访"]);
    }
    let work = Work::new();
    work.write_table("mine.csv", &table);
    let csv = std::fs::metadata(work.path("mine.csv")).unwrap().len();
    assert!(csv > 1024 * 1024, "{csv}");
    work.bw8("import customers mine.csv --sandbox --limit 1").exits(0);
    let kept = std::fs::metadata(work.run_folder().join(CELLS)).unwrap();
    assert!(kept.len() * 2 <= csv, "{} of {csv}", kept.len());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&kept.permissions()) & 0o777, 0o600);
}

#[test]
fn cells_that_are_damaged_or_gone_are_kept_anew() {
    for damage in [None, Some(""), Some("not compressed"), Some("{\"version\":99}\n")] {
        let (work, server) = (with_a_mistake(5), Server::start(""));
        work.on(&server, "import customers mine.csv --limit 2").exits(0);
        let cells = work.run_folder().join(CELLS);
        let whole = std::fs::read(&cells).unwrap();
        match damage {
            None => std::fs::remove_file(&cells).unwrap(),
            Some("") => std::fs::write(&cells, &whole[..whole.len() - 9]).unwrap(),
            Some(text) => std::fs::write(&cells, text).unwrap(),
        }
        work.on(&server, "import customers mine.csv").exits(3).says("failed.csv");
        assert_rows(&work.summary(), "created 4, refused 1");
        assert_eq!(std::fs::read(&cells).unwrap(), whole);
    }
}

#[cfg(unix)]
#[test]
fn cells_are_written_once_for_each_input() {
    use std::os::unix::fs::MetadataExt;
    let (work, server) = (with_a_mistake(5), Server::start(""));
    work.on(&server, "import customers mine.csv --limit 2").exits(0);
    let cells = work.run_folder().join(CELLS);
    let file = || std::fs::metadata(&cells).unwrap().ino();
    // A file that is held open keeps its number to itself.
    let (_first, before) = (std::fs::File::open(&cells).unwrap(), file());
    work.on(&server, "import customers mine.csv").exits(3);
    work.on(&server, "import customers mine.csv").exits(3);
    assert_eq!(file(), before);
    work.write_table("mine.csv", customers(1, 6).set(4, "手机", ""));
    work.on(&server, "import customers mine.csv --accept-changed").exits(3);
    assert_ne!(file(), before);
    assert_eq!(work.table(work.run_folder().join("failed.csv")).column("姓名"), ["示例 5"]);
}

#[test]
fn nothing_is_sent_before_the_cells_are_kept() {
    let (work, server) = (with_a_mistake(3), Server::start(""));
    let obstacle = work.path("run").join(CELLS);
    std::fs::create_dir_all(&obstacle).unwrap();
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(1).says(&format!("cannot write {}", obstacle.display()));
    assert_eq!(server.requests_to("customers.create"), 0);
    std::fs::remove_dir(&obstacle).unwrap();
    work.on(&server, import).exits(3);
    assert_rows(&work.summary_of("run"), "created 2, refused 1");
}

/// The reports that are there whatever became of the rows, or nearly so.
const REPORTS: [&str; 4] = ["results.xlsx", "results.csv", "issues.csv", "summary.json"];

#[test]
fn a_report_that_cannot_be_written_costs_no_other() {
    for report in REPORTS {
        let (work, server) = (with_a_mistake(3), Server::start(""));
        let obstacle = work.path("run").join(report);
        std::fs::create_dir_all(&obstacle).unwrap();
        let import = "import customers mine.csv --run run --format json";
        let ran = work.on(&server, import);
        let said = ran.exits(1).json();
        let why = format!("cannot write {}", obstacle.display());
        ran.says(&format!("not written: {why}")).never_says(&format!("row: {}", obstacle.display()));
        assert_eq!((&said["exit"], &said["finished"]), (&1.into(), &false.into()), "{ran}");
        assert!(said["error"]["message"].as_str().unwrap().contains(&why), "{ran}");
        assert_rows(&said, "created 2, refused 1");
        for other in REPORTS.iter().chain(&["failed.csv"]).filter(|other| **other != report) {
            assert!(work.path("run").join(other).is_file(), "{other} is missing\n{ran}");
        }
        if report != "summary.json" {
            assert_eq!(work.summary_of("run"), said);
        }
        std::fs::remove_dir(&obstacle).unwrap();
        assert_eq!(work.on(&server, import).exits(3).json(), work.summary_of("run"));
        assert!(obstacle.is_file());
        work.on(&server, import).exits(3).says("done before");
        assert_eq!(server.requests_to("customers.create"), 2);
    }
}

#[test]
fn a_file_of_failed_rows_that_cannot_be_written_costs_no_other() {
    // One after the other, so slowly that the cells are damaged long before the last one is sent.
    let (work, server) = (with_a_mistake(12), Server::start("--fault delay,ms=150"));
    let child = work.start(work.command_on(&server, "import customers mine.csv --run run --concurrency 1"));
    server.wait_for_requests(3);
    let cells = work.path("run").join(CELLS);
    let bytes = std::fs::read(&cells).unwrap();
    std::fs::write(&cells, &bytes[..bytes.len() / 2]).unwrap();
    let ran = child.ended();
    ran.exits(1).says("not written").says(CELLS).says("next: bw8 import customers mine.csv --run run");
    ran.never_says("failed.csv");
    assert!(!work.path("run/failed.csv").exists());
    assert_eq!(work.summary_of("run")["failed_file"], serde_json::Value::Null);
    for report in REPORTS {
        assert!(work.path("run").join(report).is_file(), "{report}\n{ran}");
    }
    work.on(&server, "import customers mine.csv --run run").exits(3).says("failed.csv");
    assert_eq!(work.table("run/failed.csv").column("姓名"), ["示例 12"]);
    assert_eq!(server.requests_to("customers.create"), 11);
}

/// The name is only a proposal.
#[test]
fn a_folder_in_the_place_of_the_failed_file_is_passed_by() {
    let (work, server) = (with_a_mistake(3), Server::start(""));
    std::fs::create_dir_all(work.path("run/failed.csv")).unwrap();
    work.on(&server, "import customers mine.csv --run run").exits(3).says("failed-2.csv");
    assert_eq!(work.table("run/failed-2.csv").len(), 1);
}

#[test]
fn findings_that_are_gone_leave_no_old_report() {
    let (work, server) = (with_a_mistake(3), Server::start(""));
    work.on(&server, "import customers mine.csv --run run").exits(3);
    assert!(work.path("run/issues.csv").exists());
    work.write_table("mine.csv", &customers(1, 3));
    work.on(&server, "import customers mine.csv --run run --accept-changed").exits(0);
    assert!(!work.path("run/issues.csv").exists() && !work.path("run/failed.csv").exists());
}

/// A name as an archive of another system left it: 客户 in GBK, which is no UTF-8. Not every system takes it.
#[cfg(target_os = "linux")]
fn in_gbk(ending: &str) -> std::ffi::OsString {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(&[b"\xbf\xcd\xbb\xa7", ending.as_bytes()].concat()).to_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_is_no_utf_8_is_imported_once_and_retried() {
    let (work, server) = (Work::new(), Server::start(""));
    let file = work.path(in_gbk(".csv"));
    let mut table = customers(1, 3);
    std::fs::write(&file, table.set(1, "手机", "").to_csv()).unwrap();
    let import = |more: &str| {
        let mut command = work.command_on(&server, format!("import customers {more} --format json"));
        command.arg(&file);
        work.run(command)
    };
    import("--limit 1").exits(0);
    let ran = import("");
    assert_eq!(ran.exits(3).json(), work.summary());
    ran.says("going on with the run").says("failed.csv");
    import("").exits(3).says("done before");
    let failed = work.run_folder().join("failed.csv");
    let mut fixed = work.table(&failed);
    std::fs::write(&file, fixed.set(0, "手机", "13100000002").to_csv()).unwrap();
    for says in ["created 1", "done before"] {
        let mut command = work.command_on(&server, "retry --no-canary");
        command.arg(&file);
        work.run(command).exits(0).says(says);
    }
    assert_eq!(server.requests_to("customers.create"), 3);
    work.bw8("runs --format json").exits(0).json();
}

#[cfg(target_os = "linux")]
#[test]
fn everything_works_in_a_folder_whose_name_is_no_utf_8() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    let folder = work.path(in_gbk(""));
    std::fs::create_dir(&folder).unwrap();
    let mut table = customers(1, 4);
    std::fs::write(folder.join("mine.csv"), table.set(1, "手机", "").to_csv()).unwrap();
    let there = |typed: &str| {
        let mut command = work.command_on(&server, typed);
        command.current_dir(&folder);
        work.run(command)
    };
    there("import customers mine.csv --run run --limit 1").exits(0);
    there("import customers mine.csv --format json").exits(3).json();
    // The input is edited: the run is found by its path and by its rows.
    std::fs::write(folder.join("mine.csv"), table.set(0, "姓名", "示例 改").to_csv()).unwrap();
    there("import customers mine.csv").exits(2).says("the input changed");
    there("import customers mine.csv --accept-changed").exits(3);
    let failed = folder.join("run/failed.csv");
    let mut fixed = work.table(&failed);
    std::fs::write(&failed, fixed.set(0, "手机", "13100000002").to_csv()).unwrap();
    there("retry run --format json").exits(0).json();
    there("retry run").exits(0).says("done before");
    std::fs::copy(&failed, work.path("copy.csv")).unwrap();
    work.on(&server, "retry copy.csv").exits(0).says("done before");
    assert_eq!(server.requests_to("customers.create"), 4);
    for typed in ["runs --format json", "runs show run --format json"] {
        let mut command = work.command(typed);
        command.current_dir(&folder);
        work.run(command).exits(0).json();
    }
    let mut command = work.command("runs show --format json");
    command.arg(folder.join("run"));
    work.run(command).exits(0).json();
}

#[cfg(target_os = "linux")]
#[test]
fn the_sandbox_works_in_a_folder_whose_name_is_no_utf_8() {
    let work = Work::new();
    let folder = work.path(in_gbk(""));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("mine.csv"), customers(1, 2).to_csv()).unwrap();
    for says in ["created 2", "done before"] {
        let mut command = work.command("import customers mine.csv --sandbox --format json");
        command.current_dir(&folder);
        let ran = work.run(command);
        ran.exits(0).json();
        ran.says(says);
    }
    let mut command = work.command("check customers --format json");
    command.arg(folder.join("mine.csv"));
    work.run(command).exits(0).json();
}

#[test]
fn a_name_of_eighty_chinese_characters_is_no_obstacle() {
    let (work, name) = (Work::new(), "名".repeat(80));
    let file = format!("{name}.csv");
    work.write_table(&file, customers(1, 3).set(1, "手机", ""));
    work.bw8(format!("check customers {file}")).exits(3);
    assert!(work.path(format!("{name}.issues.csv")).exists());
    work.bw8(format!("import customers {file} --sandbox")).exits(3);
    work.bw8(format!("import customers {file} --sandbox --fresh --keep-going")).exits(3);
    let failed = work.runs()[0].join("failed.csv");
    work.bw8(format!("retry {} --sandbox", failed.display())).exits(3);
    let names: Vec<String> =
        work.runs().iter().map(|run| run.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|name| name.contains("customers-名名") && name.len() < 220), "{names:?}");
    assert!(names.iter().any(|name| name.ends_with("名-retry")), "{names:?}");
}

/// Texts that only a row of `quoted` or words about it can hold.
const QUOTED: [&str; 3] = ["示例 甲", "13100000777", "98765"];

/// A finished run in `run`: one row was created, one refused, one not accepted with words that quote it.
fn quoted(server: &Server) -> Work {
    let work = Work::new();
    let mut table = customers(1, 3);
    table.set(0, "姓名", "示例 甲").set(0, "手机", "13100000777").set(1, "手机", "").set(2, "公司编号", "98765");
    work.write_table("mine.csv", &table);
    work.on(server, "import customers mine.csv --run run").exits(3);
    assert_rows(&work.summary_of("run"), "created 1, refused 1, failed 1");
    work
}

/// Names of the files in a folder.
fn files_in(work: &Work, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(work.path(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Whether a text stands in one of the run's files, compressed ones read.
fn holds(work: &Work, text: &str) -> bool {
    let plain = |(path, bytes): (std::path::PathBuf, Vec<u8>)| {
        let mut unpacked = Vec::new();
        if path.ends_with(CELLS) {
            std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut unpacked).unwrap();
        }
        [bytes, unpacked].concat()
    };
    let of_run = |(path, _): &(std::path::PathBuf, Vec<u8>)| path.starts_with(work.path("run"));
    let mut files = work.all_files().into_iter().filter(of_run).map(plain);
    files.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn a_forgotten_run_holds_no_cell_and_still_knows_what_was_sent() {
    let server = Server::start("--fault 403,on=GET_companies");
    let work = quoted(&server);
    assert!(QUOTED.iter().all(|text| holds(&work, text)));
    let ran = work.bw8("runs forget run --yes");
    ran.exits(0).says("forgotten: run").never_says("not finished");
    assert!(QUOTED.iter().all(|text| !holds(&work, text)), "{ran}");
    assert_eq!(files_in(&work, "run"), ["journal.db", "journal.lock"]);
    let shown = work.bw8("runs show run");
    shown.exits(0).says("forgotten 20").says("created 1").says("refused (not sent): one_of");
    let shown = work.bw8("runs show run --format json");
    assert!(shown.exits(0).json()["forgotten"].is_i64(), "{shown}");
    let requests = server.requests_to("customers.create");
    work.on(&server, "import customers mine.csv").exits(3).says("done before").says("--accept-changed");
    work.on(&server, "retry run").exits(2).says("was forgotten");
    let mut part = customers(5, 1);
    work.write_table("part.csv", part.set(0, "姓名", "示例 甲").set(0, "手机", "13100000777"));
    work.on(&server, "import customers part.csv --run part").exits(0).says("imported before");
    assert_eq!(server.requests_to("customers.create"), requests);
    work.bw8("runs forget run --yes").exits(0);
}

#[test]
fn without_a_terminal_nothing_is_forgotten_unless_it_is_said() {
    let server = Server::start("--fault 403,on=GET_companies");
    let work = quoted(&server);
    let files = files_in(&work, "run");
    let ran = work.bw8("runs forget run --format json");
    assert_eq!(ran.exits(2).json()["error"]["code"], "runs.forget_unasked");
    ran.says("--yes");
    assert_eq!(files_in(&work, "run"), files);
    assert!(QUOTED.iter().all(|text| holds(&work, text)));
    work.bw8("runs forget elsewhere --yes").exits(2);
}

#[test]
fn an_unfinished_run_that_was_forgotten_goes_on_with_its_input() {
    let (work, server) = (with_a_mistake(5), Server::start(""));
    work.on(&server, "import customers mine.csv --run run --limit 2").exits(0);
    let forgotten = work.bw8("runs forget run --yes --format json");
    let said = forgotten.exits(0).json();
    assert_eq!((&said["forgotten"], &said["finished"]), (&true.into(), &false.into()), "{forgotten}");
    forgotten.says("not finished").says("only with its input");
    assert!(!work.path("run").join(CELLS).exists());
    work.bw8("runs show run").exits(0).says("forgotten 20").says("not finished");
    work.on(&server, "import customers mine.csv").exits(3).says("going on with the run");
    assert_rows(&work.summary_of("run"), "created 4, refused 1");
    assert_eq!(work.table("run/failed.csv").column("姓名"), ["示例 5"]);
    assert_eq!(server.requests_to("customers.create"), 4);
    work.bw8("runs show run").exits(0).never_says("forgotten 20");
}

#[test]
fn a_run_at_work_is_not_forgotten() {
    let (work, server) = (with_a_mistake(20), Server::start("--fault stall,ms=10000,on=POST_users,nth=3"));
    let child = work.start(work.command_on(&server, "import customers mine.csv --run run"));
    server.wait_for_requests(2);
    work.bw8("runs forget run --yes").exits(1).says("another");
    assert!(work.path("run").join(CELLS).exists());
    child.ended().exits(3);
}

#[test]
fn standard_input_is_forgotten_with_its_run_and_files_of_others_stay() {
    let (work, server) = (Work::new(), Server::start(""));
    let command = work.command_on(&server, "import customers - --run run");
    work.run_with(command, customers(1, 2).to_csv()).exits(0);
    work.write("run/notes.txt", "mine");
    work.write("run/failed-of-mine.csv", "mine");
    work.bw8("runs forget run --yes").exits(0).says("notes.txt").says("failed-of-mine.csv");
    assert_eq!(files_in(&work, "run"), ["failed-of-mine.csv", "journal.db", "journal.lock", "notes.txt"]);
}

#[test]
fn an_input_that_two_runs_have_goes_with_the_second() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    for _ in 0..2 {
        let command = work.command_on(&server, "import customers - --fresh");
        work.run_with(command, customers(1, 2).to_csv()).exits(0);
    }
    let runs = work.runs();
    assert_eq!(runs.len(), 2);
    let input = &files_in(&work, "bw8-runs/stdin")[0];
    work.bw8(format!("runs forget {} --yes", runs[0].display())).exits(0).says(input);
    assert_eq!(files_in(&work, "bw8-runs/stdin").len(), 1);
    work.bw8(format!("runs forget {} --yes", runs[1].display())).exits(0).never_says(input);
    assert!(files_in(&work, "bw8-runs/stdin").is_empty());
}

#[test]
fn an_input_in_the_run_s_own_folder_is_the_user_s() {
    let (work, server) = (Work::new(), Server::start(""));
    std::fs::create_dir(work.path("run")).unwrap();
    work.write_table("run/input.csv", &customers(1, 2));
    work.on(&server, "import customers run/input.csv --run run").exits(0);
    work.bw8("runs forget run --yes").exits(0).says("input.csv");
    assert!(work.path("run/input.csv").exists());
}
