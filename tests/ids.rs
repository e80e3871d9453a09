//! `bw8 ids`: old ids as a table, for a colleague's machine and back.

use crate::harness::*;

/// A folder in which two tickets of the system `crm` were imported.
fn imported(server: &Server) -> Work {
    let work = Work::with("mine.csv", "旧系统编号,标题,联系人编号\n007,示例 甲,50001\n360012345678,示例 乙,50001\n");
    work.on(server, "import tickets mine.csv --source crm --run run").exits(0);
    work
}

const HEAD: &str = "source,entity,old id,new id\n";

#[test]
fn old_ids_are_handed_to_a_colleague_whose_machine_then_sends_only_what_is_new() {
    let server = Server::start("");
    let work = imported(&server);
    let new: Vec<String> = work.table("run/results.csv").column("id").iter().map(|id| (*id).to_owned()).collect();
    work.on(&server, "ids export ids.xlsx").exits(0).says("2 old ids").says("Tickets: 2");
    work.on(&server, "ids export ids.csv --lang zh").exits(0).says("2 个旧系统编号");
    let table = work.table("ids.xlsx");
    assert_eq!(table.header(), ["source", "entity", "old id", "new id", "account"]);
    assert_eq!(table.column("old id"), ["007", "360012345678"]);
    assert_eq!(table.column("new id"), new);
    let chinese = work.table("ids.csv");
    assert_eq!(chinese.header(), ["来源系统", "对象类型", "旧系统编号", "帮我吧编号", "帮我吧账号"]);
    assert_eq!((chinese.column("对象类型"), table.column("entity")), (vec!["工单"; 2], vec!["tickets"; 2]));
    assert_eq!(chinese.column("帮我吧编号"), table.column("new id"));
    work.on(&server, "ids export ids.csv").exits(2).says("is there already");
    work.on(&server, "ids export ids.pdf").exits(2).says(".xlsx or .csv");
    // The colleague has another machine: no runs, no index.
    for file in ["ids.xlsx", "ids.csv"] {
        let colleague = Work::new();
        colleague.write(file, std::fs::read(work.path(file)).unwrap());
        colleague.on(&server, format!("ids import {file}")).exits(0).says("2 old ids taken in").says("Tickets: 2");
        colleague.on(&server, format!("ids import {file}")).exits(0).says("0 old ids taken in; 2 were known before");
        let stored = server.stored("tickets");
        let text = format!("旧系统编号,标题,联系人编号\n007,示例 改过,50001\n8,示例 {file},50001\n");
        colleague.write("next.csv", text);
        let ran = colleague.on(&server, "import tickets next.csv --source crm --run run");
        ran.exits(0).says("1 of these rows are known by their old ids");
        let results = colleague.table("run/results.csv");
        assert_eq!(results.column("status"), ["skipped", "created"]);
        assert_eq!((results.column("code")[0], results.column("id")[0]), ("sent_before", new[0].as_str()));
        assert_eq!(server.stored("tickets"), stored + 1);
        // What was taken in is handed on, with what came since.
        colleague.on(&server, "ids export all.csv").exits(0);
        assert_eq!(colleague.table("all.csv").column("old id"), ["007", "360012345678", "8"]);
    }
}

#[test]
fn ids_of_another_system_and_of_other_records_are_others() {
    let server = Server::start("");
    let work = Work::with("ids.csv", format!("{HEAD}crm,tickets,1,900001\nCRM,customers,2,50001\n"));
    work.on(&server, "ids import ids.csv").exits(0);
    work.write("mine.csv", "旧系统编号,标题,联系人编号\n1,示例 甲,50001\n2,示例 乙,50001\n");
    work.on(&server, "import tickets mine.csv --source other --run other").exits(0);
    assert_eq!(work.table("other/results.csv").column("status"), ["created", "created"]);
    work.write("more.csv", "旧系统编号,标题,联系人编号\n1,示例 丙,50001\n2,示例 丁,50001\n");
    work.on(&server, "import tickets more.csv --source crm --run crm").exits(0);
    assert_eq!(work.table("crm/results.csv").column("status"), ["skipped", "created"]);
}

#[test]
fn what_contradicts_itself_or_what_is_known_is_refused_by_line_and_nothing_is_kept() {
    let server = Server::start("");
    let work = imported(&server);
    let known = work.table("run/results.csv").column("id")[0].to_owned();
    let rows = [
        "crm,tickets,1,70001",
        "crm,tickets,007,70009",
        "crm,tickets,1,70002",
        "crm,nonsense,2,70003",
        ",tickets,3,70004",
        "crm,tickets,,70005",
        "crm,tickets,3.60012E+11,70006",
        "crm,tickets,4,",
        "crm,tickets,5,seven",
        "crm,tickets,1,70001",
        "crm,tickets,6,0",
    ];
    work.write("ids.csv", format!("{HEAD}{}\n", rows.join("\n")));
    let ran = work.on(&server, "ids import ids.csv");
    ran.exits(2).says("9 rows cannot be taken in, so none was");
    for said in [
        format!("row 3: old id 007 belongs to record {known}, not to 70009"),
        "row 4: old id 1 belongs to record 70001, not to 70002".to_owned(),
        "row 5: ".to_owned(),
        "row 6: \"source\" is empty".to_owned(),
        "row 7: \"old id\" is empty".to_owned(),
        "row 8: the old id is not whole".to_owned(),
        "row 9: \"new id\" is empty".to_owned(),
        "row 10: ".to_owned(),
        "row 12: ".to_owned(),
    ] {
        ran.says(&said);
    }
    ran.never_says("row 2:").never_says("row 11:");
    work.on(&server, "ids export all.csv").exits(0).says("2 old ids");
    work.write("ids.csv", "source,entity,old id\ncrm,tickets,1\n");
    work.on(&server, "ids import ids.csv").exits(2).says("no column \"new id\"");
}

#[test]
fn what_was_taken_in_outlives_a_damaged_index() {
    let server = Server::start("");
    let work = imported(&server);
    work.write("ids.csv", format!("{HEAD}crm,tickets,1,900001\n"));
    work.on(&server, "ids import ids.csv").exits(0);
    let path = work.path("state/runs.db");
    let index = rusqlite::Connection::open(&path).unwrap();
    // Its journals are read again, and what the index has of them cannot be read.
    index.execute("UPDATE run SET mark = ''", []).unwrap();
    let number = |sql: &str| index.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as usize;
    let (page, size) =
        (number("SELECT rootpage FROM sqlite_schema WHERE name = 'by_identity'"), number("PRAGMA page_size"));
    drop(index);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(page - 1) * size..page * size].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    work.on(&server, "ids export all.csv").exits(0).says("damaged");
    assert_eq!(work.table("all.csv").column("old id"), ["007", "1", "360012345678"]);
}

#[test]
fn an_index_of_the_version_before_takes_in_old_ids() {
    let server = Server::start("");
    let work = imported(&server);
    let index = rusqlite::Connection::open(work.path("state/runs.db")).unwrap();
    index
        .execute_batch(
            "DROP TABLE by_old_id; DROP TABLE given_old_id; DROP TABLE export; ALTER TABLE run DROP COLUMN highest;
             PRAGMA user_version = 4; UPDATE run SET mark = ''",
        )
        .unwrap();
    drop(index);
    work.on(&server, "ids export all.csv").exits(0).says("2 old ids");
}

#[test]
fn the_sandbox_has_old_ids_of_its_own() {
    let work = Work::with("ids.csv", format!("{HEAD}crm,tickets,1,900001\n"));
    work.bw8("ids import ids.csv --sandbox").exits(0);
    let server = Server::start("");
    work.on(&server, "ids export account.csv").exits(0).says("0 old ids");
    let said = work.bw8("ids export sandbox.csv --sandbox --format json");
    assert_eq!(said.exits(0).json()["ids"], serde_json::json!({"tickets": 1}));
}

/// Two accounts may well have records of the same ids.
#[test]
fn ids_of_another_account_are_refused_although_it_has_records_with_these_ids() {
    let (server, other) = (Server::start(""), Server::start(""));
    let work = imported(&server);
    imported(&other);
    work.on(&server, "ids export ids.csv").exits(0);
    let colleague = Work::new();
    colleague.write("ids.csv", work.read("ids.csv"));
    colleague.on(&other, "ids import ids.csv").exits(2).says("row 2: the ids are those of account").says("--account");
    colleague.bw8("ids import ids.csv --sandbox").exits(2).says("this command goes to sandbox");
    colleague.on(&other, "ids export none.csv").exits(0).says("0 old ids");
    // A person may say that both logins are of one account.
    let mut table = work.table("ids.csv");
    table.set(0, "account", "");
    table.set(1, "account", "");
    std::fs::write(colleague.path("ids.csv"), table.to_csv()).unwrap();
    colleague.on(&other, "ids import ids.csv").exits(0).says("2 old ids taken in");
}

#[test]
fn ids_come_through_standard_input_too() {
    let server = Server::inside(|_| {});
    let work = imported(&server);
    work.on(&server, "ids export ids.csv").exits(0);
    let ran = work.run_with(work.command_on(&server, "ids import -"), work.read("ids.csv"));
    ran.exits(0).says("were known before");
}

#[test]
fn kinds_are_written_in_the_users_words_and_read_back() {
    let work = Work::with("mine.csv", "来源记录号,公司名称\nG1,示例甲公司\n");
    work.bw8("import companies mine.csv --source old --sandbox").exits(0);
    for (language, kind) in [("zh", "公司"), ("en", "companies")] {
        let file = format!("{language}.csv");
        work.bw8(format!("ids export {file} --sandbox --lang {language}")).exits(0);
        assert_eq!(work.rows(&file)[1][1], kind);
        work.bw8(format!("ids import {file} --sandbox --lang {language}")).exits(0);
    }
}

#[test]
fn a_file_of_another_account_is_refused_and_where_nobody_can_see_that_it_is_said() {
    let server = Server::start("");
    let rows: String = (1..=50).map(|n| format!("crm,tickets,Z{n},{}\n", 990_000 + n)).collect();
    let work = Work::with("ids.csv", format!("{HEAD}crm,customers,1,50001\n{rows}"));
    let ran = work.on(&server, "ids import ids.csv");
    ran.exits(2)
        .says("3 rows cannot be taken in, so none was")
        .says("row 3: the account has no record 990001 (Tickets)");
    ran.says("row 52: the account has no record 990050").never_says("50001").says("that of another account");
    work.on(&server, "ids export all.csv").exits(0).says("0 old ids");
    // Its rows were taken for imported before.
    work.write("mine.csv", "旧系统编号,标题,联系人编号\nZ1,示例,50001\n");
    work.on(&server, "import tickets mine.csv --source crm").exits(0);
    assert_rows(&work.summary(), "created 1");
    let silent = Service::start(|_| (503, String::new()));
    let work = Work::at(&silent.base_url());
    work.write("ids.csv", format!("{HEAD}crm,tickets,1,900001\n"));
    work.bw8("ids import ids.csv --wait 0s").exits(0).says("could not be seen").says("1 old id taken in");
}
