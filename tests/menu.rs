//! What a double click opens: a menu at a console of its own, in which every entry is a command.

use crate::harness::*;

const TWO: &str = "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n";
const TORN: &str = "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,1310000,20001\n";

/// The menu, as a double click in the work directory opens it.
fn menu(work: &Work) -> Terminal {
    work.at_terminal(work.command(""))
}

#[test]
fn a_file_is_dragged_in_and_imported_into_the_sandbox() {
    let work = Work::with("my customers.csv", TWO);
    let file = work.path("my customers.csv");
    let mut menu = menu(&work);
    menu.shows("Check").shows("Rehearse").shows("Import").shows("Continue").shows("Retry").shows("Export");
    menu.answers("type a number", "2").answers("What does the table hold?", "1");
    menu.answers("drag the file", &format!("'{}' ", file.display()));
    menu.shows(&format!("the command is: bw8 import customers '{}' --sandbox", file.display()));
    menu.answers("press Enter to go back", "").answers("type a number", "0");
    menu.ended().exits(0).says("created 2");
    assert_rows(&work.summary(), "created 2");
}

#[test]
fn a_file_that_was_dragged_onto_the_icon_is_not_asked_for() {
    let work = Work::with("mine.csv", TWO);
    let mut menu = work.at_terminal(work.command([work.path("mine.csv").to_str().unwrap()]));
    menu.shows("mine.csv").answers("type a number", "1").answers("What does the table hold?", "1");
    menu.shows("the command is: bw8 check customers ").answers("press Enter to go back", "");
    menu.answers("type a number", "0");
    menu.ended().exits(0);
}

#[test]
fn what_is_no_answer_is_asked_again_and_a_closed_console_ends_it() {
    let work = Work::with("mine.csv", TWO);
    let mut menu = menu(&work);
    menu.answers("type a number", "9").answers("from 0 to 6", "check").answers("from 0 to 6", "１");
    menu.answers("What does the table hold?", "1").answers("drag the file", "\"nowhere.csv\"");
    menu.answers("there is no such file: nowhere.csv", "").shows("0  Leave").press(END_OF_INPUT);
    menu.ended().exits(0);
    assert!(work.runs().is_empty());
}

#[test]
fn a_login_is_typed_unseen_and_stands_in_no_command() {
    let (work, server) = (Work::with("mine.csv", TWO), Server::inside(|_| {}));
    let mut menu = menu(&work);
    menu.answers("type a number", "3").answers("address of the service", server.base_url());
    menu.answers("main account", "demo@example.com").answers("password", "sandbox");
    menu.shows("What does the table hold?").never_showed("sandbox").answers("type a number", "1");
    menu.answers("drag the file", "mine.csv").shows("the command is: bw8 import customers mine.csv");
    menu.answers("create 2 customers? [y/N]", "y").answers("press Enter to go back", "");
    // It is kept for the next command.
    menu.answers("type a number", "6")
        .answers("What is to be exported?", "1")
        .answers("save as", "\"all of them.csv\"");
    menu.shows("the command is: bw8 export customers -o 'all of them.csv'").answers("press Enter to go back", "");
    menu.answers("type a number", "0");
    menu.ended().exits(0);
    assert_rows(&work.summary(), "created 2");
    let exported = work.read("all of them.csv");
    assert!(exported.contains("示例甲") && exported.contains("示例乙"), "{exported}");
    assert!(work.all_files().iter().all(|(_, bytes)| !bytes.windows(7).any(|part| part == b"sandbox")));
}

#[test]
fn an_import_that_was_stopped_goes_on_with_its_own_command() {
    let work = Work::with("my customers.csv", TWO);
    work.bw8(["import", "customers", "my customers.csv", "--sandbox", "--limit", "1"]).exits(0);
    let mut menu = menu(&work);
    menu.answers("type a number", "4").shows("sandbox").answers("0  Back", "1");
    menu.shows("the command is: bw8 import customers 'my customers.csv' --sandbox");
    menu.answers("press Enter to go back", "").answers("type a number", "4");
    menu.answers("there is nothing to go on with", "0");
    menu.ended().exits(0);
    assert_rows(&work.summary(), "created 2");
}

#[test]
fn fixed_rows_are_handed_back_to_where_they_came_from() {
    let work = Work::with("mine.csv", TORN);
    work.bw8("import customers mine.csv --sandbox").exits(3);
    let failed = work.run_folder().join("failed.csv");
    let fixed = work.read(&failed).replace("1310000,", "13100000002,");
    std::fs::write(&failed, fixed).unwrap();
    let mut menu = menu(&work);
    menu.answers("type a number", "5").answers("drag the fixed file", failed.to_str().unwrap());
    menu.shows("the command is: bw8 retry ").shows("failed.csv --sandbox").answers("press Enter to go back", "");
    menu.answers("type a number", "0");
    menu.ended().exits(0);
    assert_rows(&work.summary(), "created 1");
}

/// Where Windows starts what runs as administrator.
#[test]
fn the_system_s_folder_is_no_place_to_work_in() {
    let work = Work::new();
    let here = work.path("");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bw8")).parent().unwrap();
    let (elsewhere, same) = (work.path("elsewhere"), here.to_string_lossy().to_uppercase());
    for (system, folder) in [(elsewhere.as_os_str(), here.as_path()), (same.as_ref(), program)] {
        let mut command = work.command("");
        command.env("SystemRoot", system);
        let mut menu = work.at_terminal(command);
        let folder = folder.canonicalize().unwrap();
        menu.shows(&format!("files and runs are kept in: {}", folder.display())).answers("type a number", "0");
        menu.ended().exits(0);
    }
}

#[test]
fn the_menu_speaks_the_users_language() {
    let work = Work::new();
    let mut command = work.command("");
    command.env("BW8_LANG", "zh");
    let mut menu = work.at_terminal(command);
    for entry in ["1  检查", "2  练习", "3  导入", "4  继续", "5  修改后重试", "6  导出"] {
        menu.shows(entry);
    }
    menu.answers("请输入数字", "4").answers("没有中断的导入", "0");
    menu.ended().exits(0);
}

#[test]
fn without_a_console_of_its_own_there_is_help() {
    let work = Work::new();
    work.bw8("").exits(2).says("Usage: bw8");
    // A shell between the console and the program: the console is the shell's.
    let mut shell = work.program("sh");
    shell.args(["-c", "\"$0\"; exit $?", env!("CARGO_BIN_EXE_bw8")]);
    work.at_terminal(shell).ended().exits(2).says("Usage: bw8");
}

#[test]
fn what_was_mistyped_of_a_login_is_asked_for_again_and_speaks_of_no_variables() {
    let (work, server) = (Work::with("mine.csv", TWO), Server::inside(|_| {}));
    let mut menu = menu(&work);
    menu.answers("type a number", "3").answers("address of the service", "http://help.example.com");
    menu.shows("https://").answers("address of the service", server.base_url());
    menu.answers("main account", "demo@example.com").answers("password", "wrong");
    menu.answers("type a number", "1").answers("drag the file", "mine.csv");
    menu.shows("the login was rejected and is forgotten").answers("press Enter to go back", "");
    menu.answers("type a number", "3").answers("address of the service", server.base_url());
    menu.answers("main account", "demo@example.com").answers("password", "sandbox");
    menu.answers("type a number", "1").answers("drag the file", "mine.csv");
    menu.answers("create 2 customers? [y/N]", "y").answers("press Enter to go back", "").answers("type a number", "0");
    let hint = "check the name and the password that you typed";
    menu.ended().exits(0).says(hint).never_says("BW8_USER");
    assert_rows(&work.summary(), "created 2");
}

/// Nothing listens on this machine at the port 9.
#[test]
fn an_address_at_which_nothing_answers_is_asked_for_again_and_one_that_answered_is_kept() {
    let (work, server) = (Work::with("mine.csv", TWO), Server::inside(|_| {}));
    work.write("bw8.toml", "[account.default]\nwait = \"0s\"\n");
    let mut menu = menu(&work);
    menu.answers("type a number", "6").answers("address of the service", "http://127.0.0.1:9");
    menu.answers("main account", "demo@example.com").answers("password", "sandbox");
    menu.answers("What is to be exported?", "1").answers("save as", "one.csv");
    menu.shows("it did not work at this address yet").answers("press Enter to go back", "");
    menu.answers("type a number", "6").answers("address of the service", server.base_url());
    menu.answers("main account", "demo@example.com").answers("password", "sandbox");
    for file in ["two.csv", "three.csv"] {
        menu.answers("What is to be exported?", "1").answers("save as", file);
        menu.answers("press Enter to go back", "").answers("type a number", if file == "two.csv" { "6" } else { "0" });
    }
    menu.ended().exits(0);
    assert_eq!(work.table("two.csv").len(), work.table("three.csv").len());
}
