//! Files, mappings and overlays that cannot be used: each has its own clear error in both languages, nothing is sent.

use crate::harness::*;

const HEADER: &str = "姓名,手机,公司编号\n";

/// Checks and imports the work directory's file: exit code 2, these words in English and Chinese, no run, no crash.
#[track_caller]
fn assert_refused(work: &Work, typed: &str, english: &str, chinese: &str) {
    for command in ["check", "import"] {
        let sandbox = if command == "import" { " --sandbox" } else { "" };
        let typed = format!("{command} customers {typed}{sandbox}");
        work.bw8(&typed).exits(2).says(english).says("error:");
        work.bw8(format!("{typed} --lang zh")).exits(2).says(chinese);
    }
    assert!(work.runs().is_empty(), "{typed} began a run");
}

#[test]
fn a_file_that_is_not_there() {
    assert_refused(&Work::new(), "nothing.csv", "nothing.csv", "找不到");
}

#[test]
fn a_folder() {
    let work = Work::new();
    std::fs::create_dir(work.path("mine")).unwrap();
    assert_refused(&work, "mine", "folder", "文件夹");
}

#[test]
fn an_empty_file() {
    assert_refused(&Work::with("mine.csv", ""), "mine.csv", "empty", "空");
    assert_refused(&Work::with("mine.xlsx", ""), "mine.xlsx", "empty", "空");
}

#[test]
fn a_header_without_rows() {
    assert_refused(&Work::with("mine.csv", HEADER), "mine.csv", "no row", "没有");
    let work = Work::with("mine.xlsx", workbook(&[("联系人", &Table::of(&["姓名", "手机", "公司编号"]))]));
    assert_refused(&work, "mine.xlsx", "no row", "没有");
}

#[test]
fn a_sheet_that_is_not_there_lists_those_that_are() {
    let work = Work::with("mine.xlsx", workbook(&[("一月", &customers(1, 1)), ("二月", &customers(2, 1))]));
    assert_refused(&work, "mine.xlsx --sheet 三月", "一月", "二月");
    work.bw8("import customers mine.xlsx --sheet 二月 --sandbox").exits(0);
    assert_eq!(work.results().column("sheet"), ["二月"]);
}

#[test]
fn a_workbook_with_a_password() {
    // An encrypted workbook is an OLE container with a stream of this name.
    let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    bytes.resize(1024, 0);
    bytes.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(4096, 0);
    assert_refused(&Work::with("mine.xlsx", bytes), "mine.xlsx", "password", "密码");
}

#[test]
fn a_broken_workbook() {
    let whole = workbook(&[("联系人", &customers(1, 50))]);
    for bytes in [&whole[..whole.len() / 2], &whole[..100], b"PK\x03\x04 and nothing more"] {
        assert_refused(&Work::with("mine.xlsx", bytes), "mine.xlsx", "damaged", "损坏");
    }
}

#[test]
fn an_old_workbook_that_is_damaged() {
    let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    bytes.resize(4096, 0);
    assert_refused(&Work::with("mine.xls", bytes), "mine.xls", "old .xls workbook", "旧版 .xls 工作簿");
}

#[test]
fn a_file_that_is_not_what_its_name_says() {
    let work = Work::with("mine.csv", workbook(&[("联系人", &customers(1, 1))]));
    assert_refused(&work, "mine.csv", "is a workbook", ".xlsx");
    assert_refused(&Work::with("mine.xlsx", customers(1, 1).to_csv()), "mine.xlsx", "ends in .txt", ".txt");
    let pdf = Work::with("mine.csv", b"%PDF-1.7\n\x00\x01\x02\xff");
    assert_refused(&pdf, "mine.csv", "is a PDF document, not a spreadsheet", "PDF 文档，不是表格文件");
    let png = Work::with("mine.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00");
    assert_refused(&png, "mine.csv", "is a picture, not a spreadsheet", "图片，不是表格文件");
}

#[test]
fn a_row_longer_than_the_header_is_named_by_its_line() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n示例,13100000002,20001,多,出\n"));
    let ran = work.bw8("import customers mine.csv --sandbox");
    ran.exits(3).says("has 5 cells, the header has 3 (line 3 of the file)");
    assert_rows(&work.summary(), "created 1, refused 1");
}

#[test]
fn a_row_longer_than_the_header_is_handed_back_with_all_its_cells() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000002,20001,多,出\n"));
    let ran = work.bw8("import customers mine.csv --sandbox");
    ran.exits(3).says("next: bw8 retry");
    let failed = work.table(work.run_folder().join("failed.csv"));
    let cells: Vec<&str> = failed.rows[1].iter().map(String::as_str).collect();
    assert_eq!(cells[..3], ["示例", "13100000002", "20001"], "{ran}");
    // What stood beyond the header stands beyond our own columns.
    assert_eq!(cells[7..], ["多", "出"], "{ran}");
    assert_eq!(failed.column("bw8_row"), ["2"]);
}

#[test]
fn a_row_shorter_than_the_header_lacks_its_cells() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n示例,13100000002\n"));
    work.bw8("import customers mine.csv --sandbox").exits(3);
    assert_rows(&work.summary(), "created 1, refused 1");
}

#[test]
fn a_quotation_mark_that_never_ends() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n\"示例,13100000002,20001\n"));
    assert_refused(&work, "mine.csv", "line 3", "第 3 行");
}

#[test]
fn ten_thousand_columns() {
    let titles: Vec<String> = (0..10_000).map(|number| format!("列{number}")).collect();
    let text = format!("{}\n{}\n", titles.join(","), "x,".repeat(9_999));
    let work = Work::with("mine.csv", text);
    work.bw8("import customers mine.csv --sandbox").exits(2).says("no column fits Customers");
}

#[test]
fn two_columns_for_one_field() {
    let work = Work::with("mine.csv", "姓名,手机,手机号,公司编号\n示例,13100000001,13100000001,20001\n");
    assert_refused(&work, "mine.csv", "both mean Mobile", "都对应“手机”");
}

#[test]
fn a_required_column_that_is_missing() {
    let work = Work::with("mine.csv", "姓名,手机\n示例,13100000001\n");
    assert_refused(&work, "mine.csv", "Company ID", "公司编号");
}

#[test]
fn a_header_that_means_nothing() {
    assert_refused(&Work::with("mine.csv", "甲,乙\n1,2\n"), "mine.csv", "reads: 甲, 乙", "表头是：甲、乙");
}

#[test]
fn a_mapping_that_names_a_column_which_is_not_there() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n"));
    work.write("map.toml", "[columns]\n\"备忘录\" = \"note\"\n");
    assert_refused(&work, "mine.csv --mapping map.toml", "备忘录", "备忘录");
}

#[test]
fn a_mapping_that_is_wrong_or_missing() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n"));
    work.write("map.toml", "[columns]\nnote = \n");
    assert_refused(&work, "mine.csv --mapping map.toml", "map.toml", "map.toml");
    work.write("map.toml", "[colums]\nnote = \"x\"\n");
    assert_refused(&work, "mine.csv --mapping map.toml", "colums", "colums");
    assert_refused(&work, "mine.csv --mapping none.toml", "none.toml", "none.toml");
}

#[test]
fn an_overlay_that_is_wrong_is_named_by_file_line_and_key() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n"));
    work.write("api.toml", "[customers]\n\nzh = 5\n");
    assert_refused(&work, "mine.csv", "api.toml, line 3: customers.zh", "api.toml");
}

#[test]
fn an_entity_that_is_none() {
    let work = Work::with("mine.csv", format!("{HEADER}示例,13100000001,20001\n"));
    work.bw8("import custmers mine.csv --sandbox").exits(2).says("customers");
    work.bw8("import 客户 mine.csv --sandbox").exits(2).says("联系人").says("公司");
    work.bw8("import agents mine.csv --sandbox").exits(2);
    work.bw8("import 联系人 mine.csv --sandbox").exits(0);
}

#[test]
fn text_in_another_encoding_is_read_or_refused_but_never_garbled() {
    let table = format!("{HEADER}示例,13100000001,20001\n");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(table.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let gbk = encoding_rs::GB18030.encode(&table).0.into_owned();
    for bytes in [utf16, gbk] {
        let (work, server) = (Work::with("mine.csv", bytes), Server::start(""));
        let ran = work.on(&server, "import customers mine.csv");
        match ran.exits_with_one_of(&[0, 2]) {
            0 => assert_eq!(server.records("customers")[60]["name"], "示例", "{ran}"),
            _ => drop(ran.says("mine.csv")),
        }
    }
}

#[test]
fn with_strict_one_mistake_keeps_everything_from_being_sent() {
    let (work, server) = (Work::sample("customers-with-mistakes.xlsx"), Server::start(""));
    work.on(&server, "import customers customers-with-mistakes.xlsx --strict").exits(2).says("--strict");
    assert_eq!((server.requests(), work.runs().len()), (0, 0));
}

#[test]
fn a_dry_run_sends_and_leaves_nothing() {
    let (work, server) = (Work::sample("customers.xlsx"), Server::start(""));
    work.on(&server, "import customers customers.xlsx --dry-run").exits(0).says("10 customers would be created");
    assert_eq!((server.requests_to("customers.create"), work.runs().len()), (0, 0));
}

#[test]
fn a_dry_run_says_what_the_command_would_do_now() {
    let (work, server) = (Work::sample("customers.xlsx"), Server::start(""));
    work.on(&server, "import customers customers.xlsx --limit 3").exits(0);
    let dry = |more: &str| work.on(&server, format!("import customers customers.xlsx --dry-run {more}"));
    dry("").exits(0).says("7 customers would be created").says("3 rows more");
    dry("--fresh").exits(0).says("10 customers would be created");
    work.on(&server, "import customers customers.xlsx").exits(0);
    dry("").exits(0).says("no row would be sent").says("10 rows more");
    let run = work.run_folder();
    work.write("other.toml", "[columns]\n\"备注\" = \"position\"\n");
    let other = format!("--run {} --mapping other.toml", run.display());
    dry(&other).exits(2).says("the mapping of columns changed");
    assert_eq!(server.requests_to("customers.create"), 10);
}

/// A file system of its own at `folder` of the work directory, taken away when dropped.
#[cfg(target_os = "linux")]
struct Mount(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Mount {
    /// None where this user may not mount: the test says so and proves nothing.
    fn tmpfs(work: &Work, options: &str) -> Option<Mount> {
        let folder = work.path("mounted");
        std::fs::create_dir(&folder).unwrap();
        let mounted =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Mount(folder));
        }
        eprintln!("SKIPPED: this user may not mount a file system");
        None
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written() {
    let (work, server) = (Work::sample("customers.xlsx"), Server::start(""));
    let Some(_mount) = Mount::tmpfs(&work, "ro,size=1m") else { return };
    let ran = work.on(&server, "import customers customers.xlsx --run mounted/run");
    ran.exits(1).says("mounted/run");
    assert_eq!(server.requests(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_while_journalling_loses_nothing() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    let Some(mount) = Mount::tmpfs(&work, "size=160k") else { return };
    work.write_table("mine.csv", &customers(1, 600));
    let import = "import customers mine.csv --run mounted/run --concurrency 8 --no-canary";
    work.on(&server, import).exits(1).says("mounted/run");
    let sent = server.stored("customers") - 60;
    assert!((1..600).contains(&sent), "{sent}");
    let more = ["-o", "remount,size=8m"];
    assert!(std::process::Command::new("mount").args(more).arg(&mount.0).status().unwrap().success());
    work.on(&server, import).exits_with_one_of(&[0, 4]);
    let summary: serde_json::Value = serde_json::from_str(&work.read("mounted/run/summary.json")).unwrap();
    let rows = &summary["rows"];
    assert_eq!(rows["created"].as_u64().unwrap() + rows["unknown"].as_u64().unwrap(), 600, "{rows}");
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
    assert!(server.stored("customers") - 60 >= rows["created"].as_u64().unwrap());
}
