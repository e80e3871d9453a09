//! What is different on Windows: where things are remembered, files that other programs hold, long paths.

use std::os::windows::fs::OpenOptionsExt;

use crate::harness::*;

const TWO: &str = "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n";

#[test]
fn what_an_older_program_remembered_is_moved_to_where_it_stays_on_the_machine() {
    let work = Work::beside_sandbox();
    work.write("mine.csv", TWO);
    let (roaming, local) = (work.path("Roaming").join("bw8"), work.path("Local").join("bw8"));
    std::fs::create_dir_all(&roaming).unwrap();
    let import = || {
        let mut command = work.command("import customers mine.csv --rate 0");
        command.env_remove("BW8_STATE_DIR").env_remove("BW8_CONFIG_DIR");
        command.env("APPDATA", work.path("Roaming")).env("LOCALAPPDATA", work.path("Local"));
        work.run(command)
    };
    import().exits(0).never_says("was moved");
    assert!(local.join("runs.db").exists() && !roaming.join("runs.db").exists());
    std::fs::rename(local.join("runs.db"), roaming.join("runs.db")).unwrap();
    std::fs::write(roaming.join("bw8.toml"), "lang = \"en\"\n").unwrap();
    std::fs::rename(work.path("bw8-runs"), work.path("elsewhere")).unwrap();
    work.write("mine.csv", TWO.replace("公司编号", "公司编号,备注").replace("20001", "20001,新"));
    // Rows that it knows are not taken for new ones.
    import().exits(3).says("was moved from").says("was imported before");
    assert!(local.join("runs.db").exists() && !roaming.join("runs.db").exists());
    assert!(roaming.join("bw8.toml").exists());
    // Both at once are not one of them forgotten.
    std::fs::copy(local.join("runs.db"), roaming.join("runs.db")).unwrap();
    import().exits(2).says("in two folders").says("BW8_STATE_DIR");
}

#[test]
fn a_file_that_a_spreadsheet_program_holds_is_named_with_the_way_on() {
    let work = Work::with("mine.csv", TWO.replace("13100000002", "131"));
    work.bw8("check customers mine.csv").exits(3);
    let issues = work.path("mine.issues.csv");
    let held = std::fs::File::options().read(true).write(true).share_mode(0).open(&issues).unwrap();
    let ran = work.bw8("check customers mine.csv");
    ran.exits(1).says("mine.issues.csv").says("another program has it open").says("close it there");
    drop(held);
    work.bw8("check customers mine.csv").exits(3);
}

#[test]
fn a_console_that_is_closed_ends_an_import_with_a_report() {
    // Closing its window, logging off and shutting down; after Ctrl-C and Ctrl-Break, which have always been heard.
    for event in [0, 1, 2, 5, 6] {
        let (work, server) = (Work::new(), Server::start("--fault 429,on=POST_users,nth=3..9999,retry-after=3600"));
        work.write_table("mine.csv", &customers(1, 6));
        let child = work.start(work.command_on(&server, "import customers mine.csv --concurrency 2 --no-progress"));
        child.wait_until_it_says("asks to wait 1 hour; 10 minutes left");
        child.hears_of_its_console(event);
        child.ended().exits(130).says("next: bw8 import customers mine.csv");
        assert_rows(&work.summary(), "created 2, pending 4");
    }
}

#[test]
fn a_console_that_is_closed_leaves_no_half_of_an_export() {
    let (work, server) = (Work::new(), Server::start("--fault 429,on=GET_users,nth=1..9999,retry-after=3600"));
    let child = work.start(work.command_on(&server, "export customers -o out.csv"));
    child.wait_until_it_says("asks to wait 1 hour; 1 minute left");
    child.hears_of_its_console(2);
    child.ended().exits(130).says("run the same command again");
    assert!(!work.path("out.csv").exists());
}

#[test]
fn paths_may_be_long() {
    let work = Work::with("mine.csv", TWO);
    let folder = work.path(vec!["a folder in a folder"; 15].join("\\"));
    assert!(folder.as_os_str().len() > 300);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("mine.csv"), TWO).unwrap();
    let (file, run) = (folder.join("mine.csv"), folder.join("run"));
    let words = ["import", "customers", file.to_str().unwrap(), "--sandbox", "--run", run.to_str().unwrap()];
    work.bw8(words).exits(0).says("created 2");
    assert!(run.join("journal.db").exists() && run.join("results.csv").exists());
    work.bw8(words).exits(0).says("this was done before");
    let template = folder.join("template.xlsx");
    work.bw8(["template", "customers", "-o", template.to_str().unwrap()]).exits(0);
    assert!(template.exists());
}

#[test]
fn a_name_that_windows_has_no_file_of_is_refused_before_anything_is_done() {
    let (work, server) = (Work::with("mine.csv", TWO), Server::start(""));
    let long = format!("import customers mine.csv --run {}", "长".repeat(256));
    for typed in [
        "export customers -o 周报-12:30.csv",
        "template customers -o a*b.xlsx",
        "import customers mine.csv --run 12:30",
        &long,
    ] {
        work.on(&server, format!("{typed} --lang zh")).exits(1).says("Windows 不允许的字符").says("255 个字符");
    }
    assert_eq!(server.requests(), 0);
    let name = "长".repeat(60);
    work.on(&server, format!("export customers -o 周报（12：30）{name}.csv")).exits(0);
}
