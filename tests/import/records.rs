//! Records that are there already: the first row is compared, tags are read and written back, bindings are compared.

use crate::harness::*;

#[test]
fn a_field_the_account_drops_stops_the_run_after_one_row() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let mut table = Table::of(&["姓名", "手机", "公司编号", "标签"]);
    for number in 1..=5 {
        table.push(&["示例", &format!("1310000000{number}"), "20001", "没有设置的标签"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(5).says("Tags: sent \"没有设置的标签\"");
    assert_rows(&work.summary(), "created 1, pending 4");
    assert_eq!(server.stored("customers"), 61);
    work.on(&server, "import customers mine.csv --no-canary").exits(3);
    assert_rows(&work.summary(), "created 5");
}

#[test]
fn nothing_is_lost_and_the_run_goes_on() {
    let (work, server) = (Work::sample("customers.xlsx"), Server::start(""));
    work.on(&server, "import customers customers.xlsx").exits(0).says("row 2 went first and was read back");
    let looked_at = server.requests_to("customers.get");
    assert!(server.requests_to("customers.create") == 10 && (1..=10).contains(&looked_at), "{looked_at}");
}

#[test]
fn an_update_that_blanks_other_fields_stops_the_run_after_one_row() {
    let (work, server) = (Work::new(), Server::start("--variant put=blanks"));
    work.write("mine.csv", "对象类型,记录编号,添加标签\n联系人,50001,vip\n联系人,50002,vip\n联系人,50003,vip\n");
    work.on(&server, "import tags mine.csv").exits(5).says("Name: not sent, and changed from");
    assert_rows(&work.summary(), "updated 1, unchanged 1, pending 1");
    assert_eq!(server.requests_to("customers.update"), 1);
}

/// Rows for one record, in this order: all of their tags must be there at the end.
fn tags_for_one_record(rows: usize) -> Table {
    let mut table = Table::of(&["对象类型", "记录编号", "添加标签"]);
    for number in 0..rows {
        table.push(&["联系人", "50001", &format!("示例{number}")]);
    }
    table
}

#[track_caller]
fn assert_all_tags(server: &Server, rows: usize) {
    let record = server.records("customers").swap_remove(0);
    let tags: Vec<&str> = record["tableName"].as_str().unwrap().split(',').collect();
    let expected: Vec<String> = (0..rows).map(|number| format!("示例{number}")).collect();
    assert_eq!(tags, expected);
}

#[test]
fn rows_for_one_record_never_run_at_the_same_time() {
    let (work, server) = (Work::new(), Server::start("--fault delay,ms=2,to=15"));
    work.write_table("mine.csv", &tags_for_one_record(20));
    work.on(&server, "import tags mine.csv --concurrency 16 --no-canary").exits(0);
    assert_rows(&work.summary(), "updated 20");
    assert_all_tags(&server, 20);
}

#[test]
fn rows_for_one_record_get_through_when_the_service_asks_for_patience() {
    let (work, server) = (Work::new(), Server::start("--fault 429,nth=2..3,retry-after=1"));
    work.write_table("mine.csv", &tags_for_one_record(8));
    work.on(&server, "import tags mine.csv --concurrency 4 --no-canary").exits(0);
    assert_all_tags(&server, 8);
}

#[test]
fn tags_are_added_removed_and_set_and_the_rest_stays() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("first.csv", "对象类型,记录编号,设为标签\n联系人,50001,\"甲,乙\"\n公司,20001,丙\n");
    work.on(&server, "import tags first.csv").exits(0);
    let rows = "联系人,50001,丁,乙\n联系人,50001,甲,\n公司,20001,,不在\n";
    work.write("second.csv", format!("对象类型,记录编号,添加标签,移除标签\n{rows}"));
    work.on(&server, "import tags second.csv").exits(0);
    assert_rows(&work.summary(), "updated 1, unchanged 2");
    assert_eq!(server.records("customers")[0]["tableName"], "甲,丁");
    assert_eq!(server.records("customers")[0]["name"], "示例联系人00001");
}

#[test]
fn a_tag_with_a_comma_inside_one_cell_is_more_than_one_tag_or_refused() {
    let work = Work::with("mine.csv", "对象类型,记录编号,添加标签\n联系人,50001,\"a，b\"\n");
    let ran = work.bw8("import tags mine.csv --sandbox");
    ran.exits_with_one_of(&[0, 3]);
}

#[test]
fn a_binding_that_is_there_is_unchanged_and_another_one_has_failed() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("first.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-1,开放平台\n");
    work.on(&server, "import bindings first.csv").exits(0);
    let rows = "50041,ext-1,开放平台\n50041,ext-2,开放平台\n50042,ext-3,开放平台\n";
    work.write("second.csv", format!("联系人编号,第三方用户标识,绑定来源\n{rows}"));
    work.on(&server, "import bindings second.csv").exits(3);
    let results = work.results();
    let statuses = results.column("status");
    assert_eq!((statuses[0], statuses[2]), ("unchanged", "created"));
    assert!(matches!(statuses[1], "failed" | "refused"), "{statuses:?}");
}

#[test]
fn a_binding_that_is_there_is_known_although_the_password_is_part_of_the_answer() {
    let service = Service::start(|request| match request.method.as_str() {
        "GET" => (200, r#"{"data":[{"cId":"50041","openId":"ext-1","account_source":"1"}]}"#.to_owned()),
        _ => (200, r#"{"state":"403","message":"Bind Already exists"}"#.to_owned()),
    });
    let work = Work::with("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-1,开放平台\n50041,ext-2,微信\n");
    let mut command = work.command("import bindings mine.csv --rate 0");
    command.env("BW8_BASE_URL", service.base_url()).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", "Already");
    work.run(command).exits(3).never_says("Bind Already").says("Bind ••• exists");
    assert_rows(&work.summary(), "unchanged 1, failed 1");
}

#[test]
fn a_binding_to_someone_else_says_to_whom() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("first.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-1,开放平台\n");
    work.on(&server, "import bindings first.csv").exits(0);
    work.write("second.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-2,开放平台\n");
    work.on(&server, "import bindings second.csv").exits(3).says("ext-1");
    assert_rows(&work.summary(), "failed 1");
}

#[test]
fn two_equal_tickets_are_two_tickets() {
    let (work, server) = (Work::new(), Server::start(""));
    let mut table = Table::of(&["标题", "联系人编号", "工单模板编号"]);
    for _ in 0..3 {
        table.push(&["示例 打印机坏了", "50001", "4"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import tickets mine.csv").exits(0);
    assert_eq!(server.stored("tickets"), 83);
    let results = work.results();
    let ids: std::collections::HashSet<_> = results.column("request_id").into_iter().collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn customers_are_changed_by_their_id() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "联系人编号,备注\n50001,示例 新备注\n50002,\n999999,没有此人\n");
    let ran = work.on(&server, "import customers mine.csv --mode update");
    ran.exits(3);
    let records = server.records("customers");
    assert_eq!((&records[0]["note"], &records[0]["mobile"]), (&"示例 新备注".into(), &"13000000001".into()), "{ran}");
    assert_eq!(server.stored("customers"), 60);
}
