//! What became of one record, across all runs; and what a colleague needs to take a run over.

use crate::harness::*;

#[test]
fn a_record_is_found_by_any_of_its_values_across_all_runs() {
    let server = Server::faulty(&["504,on=POST users,nth=2"]);
    let work = Work::new();
    let mut table = Table::of(&["姓名", "手机", "公司编号", "原编号"]);
    for (row, name) in ["示例（一）", "示例（二）", "示例（三）"].into_iter().enumerate() {
        table.push(&[name, &format!("1310000000{row}"), "20001", &format!("CRM-{row}")]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --no-canary --concurrency 1 --run one").exits(4);
    let mut other = Table::of(&["标题", "描述", "联系人编号"]);
    other.push(&["示例(一)", "说明", "50001"]);
    work.write_table("tickets.csv", &other);
    work.on(&server, "import tickets tickets.csv --no-canary --run two").exits(0);
    let id = work.table("one/results.csv").column("id")[0].to_owned();
    let request_id = work.table("one/results.csv").column("request_id")[1].to_owned();
    for (value, rows, said) in [
        ("131 0000 0000".to_owned(), 1, "record"),
        ("+86 13100000001".to_owned(), 1, "unknown"),
        ("示例(一)".to_owned(), 2, "Tickets"),
        ("crm-2".to_owned(), 1, "created"),
        (id, 1, "created"),
        (request_id, 1, "unknown"),
        ("13199999999".to_owned(), 0, "no row of 2 runs"),
    ] {
        let mut command = work.command(["runs", "find"]);
        command.arg(&value);
        work.run(command).exits(0).says(said);
        let mut command = work.command(["runs", "find", "--format", "json"]);
        command.arg(&value);
        let ran = work.run(command);
        ran.exits(0);
        assert_eq!(ran.json()["found"].as_array().unwrap().len(), rows, "{value}\n{ran}");
    }
    let found = work.bw8("runs find CRM-1 --format json");
    found.exits(0);
    let found = &found.json()["found"][0];
    assert_eq!((found["row"].as_u64(), found["status"].as_str()), (Some(3), Some("unknown")));
    assert_eq!(found["column"], "原编号");
    // Of a run that was forgotten only ids are left, and that is said.
    work.bw8("runs forget one --yes").exits(0);
    work.bw8("runs find crm-2").exits(0).says("only ids were looked for").says("no row of");
}

#[test]
fn a_run_that_is_shown_can_be_taken_over() {
    let server = Server::faulty(&["504,on=POST users,nth=2"]);
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    let mut command =
        work.command_on(&server, "import customers mine.csv --no-canary --concurrency 1 --limit 2 --run run");
    command.env("USER", "示例甲").env("HOSTNAME", "example");
    work.run(command).exits(4);
    let shown = work.bw8("runs show run");
    shown
        .exits(0)
        .says("company   not given")
        .says("by        示例甲 @ example")
        .says("decided: --no-canary --yes --notifications-off");
    shown.says("demo@example.com").never_says("sandbox\n");
    shown.says("next: bw8 import customers mine.csv --no-canary --concurrency 1 --run run");
    work.on(&server, "import customers mine.csv --no-canary --concurrency 1 --run run").exits(4);
    work.bw8("runs show run").exits(0).says("next: bw8 settle run");
    let document = work.bw8("runs show run --format json");
    document.exits(0);
    assert_eq!(document.json()["next"], "bw8 settle run");
    assert_eq!(document.json()["rows"]["unknown"], 1);
}
