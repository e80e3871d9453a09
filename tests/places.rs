//! Places that cannot be written: each is named, with the rule and what to do.

use crate::harness::*;

const ROWS: &str = "姓名,手机,公司编号\n示例甲,13100000001,20001\n";

/// No words of the system's own stand in a Chinese sentence.
#[track_caller]
fn assert_says(ran: &Ran, texts: &[&str]) {
    for text in texts {
        ran.says(text);
    }
    ran.never_says("os error").never_says(".bw8-");
}

#[test]
fn a_file_where_a_folder_has_to_be_is_named() {
    let server = Server::start("");
    let work = Work::with("mine.csv", ROWS);
    work.write("bw8-runs", "");
    let ran = work.on(&server, "import customers mine.csv --lang zh");
    ran.exits(1);
    assert_says(&ran, &["bw8-runs 是文件，不是文件夹", "改名、移走", "--run"]);
    let ran = work.on(&server, "import customers mine.csv --run mine.csv/runs/first --lang zh");
    ran.exits(1);
    assert_says(&ran, &["mine.csv 是文件，不是文件夹", "改名、移走", "--run"]);
    let ran = work.on(&server, "import customers mine.csv --run mine.csv --lang zh");
    ran.exits(1);
    assert_says(&ran, &["mine.csv 是文件，不是文件夹"]);
    for typed in [
        "template customers -o mine.csv/t.xlsx",
        "export customers -o mine.csv/o.xlsx",
        "ids export mine.csv/ids.csv",
        "import customers mine.csv --run first --log mine.csv/log.txt",
    ] {
        let ran = work.on(&server, format!("{typed} --lang zh"));
        ran.exits_with_one_of(&[1, 2]);
        assert_says(&ran, &["是文件，不是文件夹", "改名、移走"]);
    }
    let ran = work.bw8("map customers mine.csv -o mine.csv/map.toml --lang zh");
    ran.exits(1);
    assert_says(&ran, &["是文件，不是文件夹", "改名、移走"]);
    assert_eq!(server.requests_to("customers.create"), 0);
}

#[test]
fn a_folder_where_a_file_has_to_be_says_what_to_write() {
    let server = Server::start("");
    let work = Work::with("mine.csv", ROWS);
    for folder in ["o.csv", "o.xlsx", "map.toml"] {
        std::fs::create_dir(work.path(folder)).unwrap();
    }
    let ran = work.on(&server, "export customers -o o.csv --lang zh");
    ran.exits(2);
    assert_says(&ran, &["o.csv 是文件夹", "-o 文件夹/联系人.xlsx"]);
    for typed in ["import customers mine.csv --log o.csv", "import customers mine.csv --mapping map.toml"] {
        let ran = work.on(&server, format!("{typed} --lang zh"));
        ran.exits_with_one_of(&[1, 2]);
        assert_says(&ran, &["文件夹，不是文件", "请"]);
    }
}

#[test]
fn a_name_that_is_too_long_says_how_long_it_may_be() {
    let server = Server::start("");
    let work = Work::with("mine.csv", ROWS);
    // Where a character counts as one, however many bytes it has.
    let (name, most) =
        if cfg!(windows) { ("长".repeat(252), "255 个字符") } else { ("长".repeat(100), "255 字节") };
    for typed in [format!("export customers -o {name}.csv"), format!("template customers -o {name}.xlsx")] {
        let ran = work.on(&server, format!("{typed} --lang zh"));
        ran.exits_with_one_of(&[1, 2]);
        assert_says(&ran, &[most]);
    }
    assert_eq!(server.requests(), 0, "no page is read for a file that cannot be");
}

#[test]
fn a_folder_for_temporary_files_that_is_not_there_is_named() {
    let server = Server::start("");
    let work = Work::with("mine.csv", ROWS);
    let mut command = work.command_on(&server, "import customers mine.csv --lang zh");
    for name in ["TMPDIR", "TEMP", "TMP"] {
        command.env(name, work.path("none"));
    }
    let ran = work.run(command);
    ran.exits(1);
    assert_says(&ran, &["none", "TMPDIR", "请核对文件夹是否存在"]);
}
