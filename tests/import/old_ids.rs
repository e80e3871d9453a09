//! Ids that records have in another system: remembered beside those they get here, and what a later export of that system is
//! known by.

use crate::harness::*;

const HEADER: [&str; 4] = ["旧系统编号", "标题", "描述", "联系人编号"];

/// Tickets of another system: its id, a title and a text.
fn tickets(rows: &[(&str, &str, &str)]) -> Table {
    let mut table = Table::of(&HEADER);
    for (id, title, text) in rows {
        table.push(&[id, title, text, "50001"]);
    }
    table
}

/// Imports a table of tickets of the system `crm` under this name, into a folder of its own.
#[track_caller]
fn import(work: &Work, server: &Server, name: &str, table: &Table) -> Ran {
    work.write_table(&format!("{name}.csv"), table);
    work.on(server, format!("import tickets {name}.csv --source crm --run run-{name}"))
}

fn results(work: &Work, name: &str) -> Table {
    work.table(format!("run-{name}/results.csv"))
}

#[test]
fn an_old_id_is_remembered_beside_the_new_one_and_said_in_the_results() {
    let server = Server::start("");
    let work = Work::new();
    let ran = import(&work, &server, "first", &tickets(&[("T-1", "示例 甲", "一"), ("", "示例 乙", "二")]));
    ran.exits(0);
    ran.says("remembered as old id of crm");
    let results = results(&work, "first");
    assert_eq!(*results.header().last().unwrap(), "old_id");
    assert_eq!(results.column("old_id"), ["T-1", ""]);
    // What is not an old id of a known system is not remembered, and nobody is told of a column that is not there.
    work.write_table("unnamed.csv", &tickets(&[("T-9", "示例 丙", "三")]));
    let ran = work.on(&server, "import tickets unnamed.csv --run unnamed");
    ran.exits(0).says("--source NAME remembers it");
    assert!(!work.table("unnamed/results.csv").header().contains(&"old_id"));
}

#[test]
fn a_second_export_of_the_other_system_sends_only_what_is_new() {
    let server = Server::start("");
    let work = Work::new();
    let first = tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二"), ("3", "示例 丙", "三")]);
    import(&work, &server, "first", &first).exits(0);
    let ids: Vec<String> = results(&work, "first").column("id").iter().map(|id| (*id).to_owned()).collect();
    let stored = server.stored("tickets");
    // In another order, one edited, one gone, one new that says what another one says.
    let second = tickets(&[("4", "示例 甲", "一"), ("3", "示例 丙", "改过"), ("1", "示例 甲", "一")]);
    let ran = import(&work, &server, "second", &second);
    ran.exits(0);
    ran.says("1 of these rows were imported before by their old ids").says("have changed since");
    let results = results(&work, "second");
    assert_eq!(results.column("status"), ["created", "skipped", "skipped"]);
    assert_eq!(results.column("code"), ["", "sent_before_changed", "sent_before"]);
    assert_eq!(results.column("id")[1..], [ids[2].as_str(), ids[0].as_str()]);
    assert_eq!(results.column("old_id"), ["4", "3", "1"]);
    assert_eq!(server.stored("tickets"), stored + 1);
    // What was changed and not sent is still changed the week after; what says the same as what was sent is not.
    let third = tickets(&[("3", "示例 丙", "改过"), ("2", "示例 乙", "二")]);
    import(&work, &server, "third", &third).exits(0);
    assert_eq!(self::results(&work, "third").column("code"), ["sent_before_changed", "sent_before"]);
    assert_eq!(server.stored("tickets"), stored + 1);
}

#[test]
fn only_what_is_new_may_say_what_others_said() {
    let server = Server::start("");
    let work = Work::new();
    import(&work, &server, "first", &tickets(&[("1", "示例 甲", "一"), ("2", "示例 甲", "一")])).exits(0);
    // Without the ids of the other system these would wait for consent.
    let second = tickets(&[("3", "示例 甲", "一")]);
    import(&work, &server, "second", &second).exits(0);
    assert_eq!(results(&work, "second").column("status"), ["created"]);
    // Another system has ids of its own.
    work.write_table("other.csv", &tickets(&[("1", "示例 甲", "一")]));
    work.on(&server, "import tickets other.csv --source other --run other").exits(3);
    assert_eq!(work.table("other/results.csv").column("status"), ["held"]);
}

#[test]
fn an_export_that_was_saved_over_the_last_one_is_the_next_one() {
    let server = Server::start("");
    let work = Work::new();
    for (rows, expected) in [
        (vec![("1", "示例 甲", "一"), ("2", "示例 乙", "二")], "created 2"),
        (vec![("2", "示例 乙", "改过"), ("3", "示例 丙", "三")], "created 1, skipped 1"),
    ] {
        work.write_table("mine.csv", &tickets(&rows));
        work.on(&server, "import tickets mine.csv --source crm").exits(0);
        assert_rows(&work.summary(), expected);
    }
    assert_eq!(server.stored("tickets"), Server::start("").stored("tickets") + 3);
    // A row without an old id is known by nothing that lasts: then a changed input is asked about.
    work.write_table("mine.csv", &tickets(&[("3", "示例 丙", "三"), ("", "示例 丁", "四")]));
    work.on(&server, "import tickets mine.csv --source crm").exits(2).says("--accept-changed");
}

#[test]
fn the_same_old_id_twice_is_refused_by_name() {
    let server = Server::start("");
    let work = Work::new();
    let table = tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二"), ("１", "示例 丙", "三")]);
    let ran = import(&work, &server, "first", &table);
    ran.exits(3);
    ran.says("has the old id 1, as row 2 does");
    let results = results(&work, "first");
    assert_eq!(results.column("status"), ["created", "created", "refused"]);
    assert_eq!(results.column("code")[2], "duplicate");
    work.bw8("check tickets first.csv --source crm").exits(3).says("has the old id 1, as row 2 does");
}

#[test]
fn an_old_id_that_is_not_whole_is_not_remembered_without_a_word() {
    let server = Server::start("");
    let work = Work::new();
    let table = tickets(&[("3.60012E+11", "示例 甲", "一"), ("360012000001", "示例 乙", "二")]);
    import(&work, &server, "first", &table).exits(3).says("the old id is not whole");
    assert_eq!(results(&work, "first").column("status"), ["held", "created"]);
    work.on(&server, "import tickets first.csv --source crm --run run-first --accept-warnings=old_id_damaged").exits(0);
    let results = results(&work, "first");
    assert_eq!((results.column("status"), results.column("old_id")), (vec!["created"; 2], vec!["", "360012000001"]));
}

#[test]
fn old_ids_outlive_folders_and_the_index() {
    let server = Server::start("");
    let work = Work::new();
    import(&work, &server, "first", &tickets(&[("1", "示例 甲", "一")])).exits(0);
    import(&work, &server, "kept", &tickets(&[("2", "示例 乙", "二")])).exits(0);
    std::fs::remove_dir_all(work.path("run-first")).unwrap();
    let both = tickets(&[("1", "示例 甲", "改过"), ("2", "示例 乙", "改过")]);
    work.write_table("both.csv", &both);
    let stored = server.stored("tickets");
    work.on(&server, "import tickets both.csv --source crm --dry-run").exits(0).says("(the folder is gone)");
    // The index is made anew from the journals that are there.
    std::fs::remove_dir_all(work.path("state")).unwrap();
    work.write_table("second.csv", &tickets(&[("2", "示例 乙", "改过")]));
    let ran = work.on(&server, "import tickets second.csv --source crm --run run-second --runs-from .");
    ran.exits(0).says("have changed since");
    assert_eq!(results(&work, "second").column("code"), ["sent_before_changed"]);
    assert_eq!(server.stored("tickets"), stored);
}

#[test]
fn a_row_in_doubt_keeps_its_old_id() {
    let server = Server::start("--fault 500-after-store,on=POST_tickets,nth=1");
    let work = Work::new();
    work.write_table("first.csv", &tickets(&[("1", "示例 甲", "一")]));
    work.on(&server, "import tickets first.csv --source crm --run run-first --no-canary").exits_with_one_of(&[0, 4]);
    let results = results(&work, "first");
    assert_eq!(results.column("old_id"), ["1"]);
    let again = tickets(&[("1", "示例 甲", "改过")]);
    work.write_table("second.csv", &again);
    let ran = work.on(&server, "import tickets second.csv --source crm --run run-second");
    ran.exits_with_one_of(&[0, 4]);
    assert!(["skipped", "unknown"].contains(&self::results(&work, "second").column("status")[0]), "{ran}");
    assert_eq!(server.stored("tickets"), Server::start("").stored("tickets") + 1);
}

#[test]
fn a_killed_run_goes_on_and_knows_all_old_ids() {
    let server = Server::start("--fault stall,on=POST_tickets,nth=4");
    let work = Work::new();
    let rows: Vec<[String; 2]> = (1..=8).map(|row| [row.to_string(), format!("示例 {row}")]).collect();
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|[id, title]| (id.as_str(), title.as_str(), "一")).collect();
    work.write_table("mine.csv", &tickets(&rows));
    let typed = "import tickets mine.csv --source crm --run run-mine --no-canary --concurrency 1";
    let child = work.start(work.command_on(&server, typed));
    server.wait_for_requests(4);
    child.kill();
    work.on(&server, format!("{typed} --timeout 2")).exits_with_one_of(&[0, 4]);
    let results = results(&work, "mine");
    assert_eq!(results.column("old_id"), ["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn a_changed_input_is_matched_by_old_ids() {
    let server = Server::start("");
    let work = Work::new();
    let say_the_same = tickets(&[("1", "示例 甲", "一"), ("2", "示例 甲", "一"), ("", "示例 丙", "三")]);
    import(&work, &server, "mine", &say_the_same).exits(0);
    let ids: Vec<String> = results(&work, "mine").column("id").iter().map(|id| (*id).to_owned()).collect();
    let stored = server.stored("tickets");
    work.write_table("mine.csv", &tickets(&[("2", "示例 甲", "一"), ("1", "示例 甲", "改过"), ("", "示例 丙", "三")]));
    let ran = work.on(&server, "import tickets mine.csv --source crm --run run-mine --accept-changed");
    ran.exits(0);
    let results = results(&work, "mine");
    assert_eq!(results.column("id"), [ids[1].as_str(), ids[0].as_str(), ids[2].as_str()], "{ran}");
    assert_eq!(server.stored("tickets"), stored);
}

#[test]
fn a_mapping_file_names_the_column_and_the_system() {
    let server = Server::start("");
    let work = Work::new();
    let mut table = Table::of(&["流水号", "标题", "联系人编号"]);
    table.push(&["7", "示例 甲", "50001"]);
    work.write_table("mine.csv", &table);
    work.write("map.toml", "[columns]\n\"流水号\" = \"旧系统编号\"\n");
    let ran = work.on(&server, "import tickets mine.csv --mapping map.toml");
    ran.exits(2).says("map.toml, line 2").says("nothing says of which system").says("--source NAME");
    work.write("map.toml", "source = \"CRM\"\n[columns]\n\"流水号\" = \"old id\"\n");
    work.on(&server, "import tickets mine.csv --mapping map.toml --run run-mine").exits(0);
    assert_eq!(results(&work, "mine").column("old_id"), ["7"]);
    // What the system goes by is one name, however it is written.
    import(&work, &server, "second", &tickets(&[("7", "示例 乙", "改过")])).exits(0).says("have changed since");
    work.on(&server, "import tickets mine.csv --source crm").exits(2).says("no column holds ids of its records");
    work.write("map.toml", "source = \"\"\n");
    work.on(&server, "import tickets mine.csv --mapping map.toml").exits(2).says("1 to 40 characters");
    work.on(&server, ["import", "tickets", "mine.csv", "--source", " "].as_slice()).exits(2).says("1 to 40 characters");
}

#[test]
fn failed_rows_that_are_retried_have_their_old_ids() {
    let server = Server::start("--fault 422,on=POST_tickets,nth=2");
    let work = Work::new();
    let table = tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二"), ("3", "示例 丙", "三")]);
    work.write_table("mine.csv", &table);
    work.on(&server, "import tickets mine.csv --source crm --run run-mine --no-canary --concurrency 1").exits(3);
    work.on(&server, "retry run-mine --run run-retry").exits(0);
    assert_eq!(results(&work, "retry").column("old_id"), ["2"]);
    import(&work, &server, "second", &table).exits(0);
    assert_eq!(results(&work, "second").column("code"), ["sent_before"; 3]);
}

#[test]
fn what_changed_in_the_other_system_is_sent_by_upsert() {
    let server = Server::start("");
    let work = Work::new();
    let first = tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二"), ("3", "示例 丙", "三")]);
    import(&work, &server, "first", &first).exits(0);
    let ids: Vec<String> = results(&work, "first").column("id").iter().map(|id| (*id).to_owned()).collect();
    let stored = server.stored("tickets");
    // Tickets have no key: they are found by their old ids alone.
    let second = tickets(&[("4", "示例 丁", "四"), ("3", "示例 改过", "三"), ("1", "示例 甲", "一")]);
    work.write_table("second.csv", &second);
    let ran = work.on(&server, "import tickets second.csv --source crm --mode upsert --run run-second");
    ran.exits(0).says("will create 1, update 1, leave 1 unchanged");
    let results = results(&work, "second");
    assert_eq!(results.column("status"), ["created", "updated", "unchanged"]);
    assert_eq!(results.column("id")[1..], [ids[2].as_str(), ids[0].as_str()]);
    assert_eq!(server.stored("tickets"), stored + 1);
    assert_eq!(server.count_by("tickets", "subject").get("示例 改过"), Some(&1));
    // What was updated is what the account has now; the new one is known as well.
    import(&work, &server, "third", &second).exits(0);
    assert_eq!(self::results(&work, "third").column("code"), ["sent_before"; 3]);
    import(&work, &server, "fourth", &first).exits(0);
    let fourth = self::results(&work, "fourth");
    assert_eq!(fourth.column("code"), ["sent_before", "sent_before", "sent_before_changed"]);
}

#[test]
fn tags_name_their_records_by_old_ids() {
    let server = Server::start("");
    let work = Work::new();
    import(&work, &server, "first", &tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二")])).exits(0);
    let first = results(&work, "first").column("id")[0].to_owned();
    let mut table = Table::of(&["对象类型", "旧系统编号", "添加标签"]);
    for (kind, id) in [("工单", "1"), ("工单", "9"), ("联系人", "1"), ("工单", "")] {
        table.push(&[kind, id, "示例旧标签"]);
    }
    work.write_table("tags.csv", &table);
    let import_tags = "import tags tags.csv --source crm --run run-tags";
    work.on(&server, format!("{import_tags} --dry-run")).exits(3).says("2 rows wait for decisions");
    work.on(&server, "check tags tags.csv --source crm --online").exits(3).says("2 rows wait for decisions");
    // The others go.
    work.on(&server, import_tags).exits(5).says("2 rows wait for decisions: 2 texts").says("next: bw8 import");
    let results = results(&work, "tags");
    assert_eq!(results.column("status"), ["updated", "pending", "pending", "refused"]);
    assert_eq!(results.column("code"), ["", "", "", "required"]);
    // The same id in another kind of record is another question.
    let asked = work.table("run-tags/decisions.xlsx");
    assert_eq!(asked.column("in the file"), ["9", "1"]);
    assert!(asked.column("why")[0].contains("crm") && asked.column("why")[1].contains("Customers"), "{asked:?}");
    assert_eq!(results.column("id")[0], first);
    let tagged = |record: &serde_json::Map<String, serde_json::Value>| {
        record.get("tagList").is_some_and(|tags| tags.to_string().contains("示例旧标签"))
    };
    assert_eq!(server.records("tickets").iter().filter(|record| tagged(record)).count(), 1);
    work.on(&server, "import tags tags.csv").exits(2).says("missing");
    // Once the ticket is there the same command goes on with its tags.
    import(&work, &server, "second", &tickets(&[("9", "示例 丙", "三")])).exits(0);
    work.on(&server, import_tags).exits(5).says("1 row waits for decisions");
    let results = self::results(&work, "tags");
    assert_eq!(results.column("status"), ["updated", "updated", "pending", "refused"]);
    assert_eq!(server.records("tickets").iter().filter(|record| tagged(record)).count(), 2);
    // A person says which record it is; an id that is not there is no answer.
    let decide = |run: &str, answer: &str| {
        let mut table = work.table(format!("{run}/decisions.xlsx"));
        work.write(&format!("{run}/decisions.xlsx"), workbook(&[("to decide", table.set(0, "answer", answer))]));
    };
    decide("run-tags", "59999");
    work.on(&server, import_tags).exits(2).says("the account has no Customers with the ID 59999");
    decide("run-tags", "50007");
    work.on(&server, import_tags).exits(3);
    assert_eq!(self::results(&work, "tags").column("id")[2], "50007");
    let is_tagged =
        |record: &serde_json::Map<String, serde_json::Value>| record["tableName"].to_string().contains("示例旧标签");
    assert_eq!(server.records("customers").iter().filter(|record| is_tagged(record)).count(), 1);
    // Or that the row is left out, at once where nobody is there to decide, or for the next file.
    work.write("next.csv", "对象类型,旧系统编号,添加标签\n联系人,77,示例\n公司,77,示例\n");
    let next = "import tags next.csv --source crm";
    let ran = work.on(&server, format!("{next} --missing 记录编号=refuse --run at-once"));
    ran.exits(3).says("a record with this id of crm was never imported");
    assert_eq!(work.table("at-once/results.csv").column("code"), ["old_id_unknown"; 2]);
    work.on(&server, format!("{next} --missing 记录编号=create --run at-once")).exits(2);
    work.on(&server, format!("{next} --missing 记录编号=blank --run at-once")).exits(2).says("is required");
    work.on(&server, format!("{next} --run next")).exits(5);
    decide("next", "不导入");
    work.on(&server, format!("{next} --run next")).exits(5).says("1 row waits");
    let results = work.table("next/results.csv");
    assert_eq!(results.column("status"), ["refused", "pending"]);
    work.on(&server, format!("{next} --strict --run strict")).exits(2);
}

/// Whichever id a row names it by, a record is one record.
#[test]
fn tags_of_a_record_named_in_both_ways_are_held_against_each_other() {
    let server = Server::start("");
    let work = Work::new();
    import(&work, &server, "first", &tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二")])).exits(0);
    let ids: Vec<String> = results(&work, "first").column("id").iter().map(|id| (*id).to_owned()).collect();
    for (name, rows, codes) in [
        ("set", [",,一", ",,二"], ["", "second_change"]),
        ("opposed", ["三,,", ",三,"], ["", "tag_opposed"]),
        ("together", ["四,,", "五,,"], ["", ""]),
    ] {
        let [first, second] = rows;
        let head = "对象类型,记录编号,旧系统编号,添加标签,移除标签,设为标签\n";
        work.write(
            &format!("{name}.csv"),
            format!("{head}工单,{},1,{first}\n工单,,1,{second}\n工单,,2,{first}\n", ids[0]),
        );
        let ran = work.on(&server, format!("import tags {name}.csv --source crm --run run-{name}"));
        ran.exits(if codes[1].is_empty() { 0 } else { 3 });
        assert_eq!(results(&work, name).column("code"), [codes[0], codes[1], ""], "{name}\n{ran}");
    }
}

/// A row of two operations: the contact, and the binding of its old id, which has a run of its own.
#[test]
fn old_ids_are_bound_once_the_contacts_are_there() {
    let server = Server::faulty(&["500,on=POST bindings,nth=2,times=1"]);
    let work = Work::new();
    let before = server.stored("bindings");
    let mut table = Table::of(&["旧系统编号", "姓名", "手机", "帮我吧公司编号"]);
    for n in 1..=4 {
        table.push(&[&format!("K-{n}"), &format!("示例 {n}"), &format!("1310000000{n}"), "20001"]);
    }
    table.push(&["", "示例 五", "13100000005", "20001"]);
    work.write_table("mine.csv", &table);
    let command = "import customers mine.csv --source crm --bind open --run mine --server-timeout 0";
    let code = work.on(&server, command).exits_with_one_of(&[0, 4, 5]);
    // The same command goes on with what is left of it, and binds nothing twice.
    if code != 0 {
        work.on(&server, command).exits_with_one_of(&[0, 4, 5]);
        work.on(&server, "settle mine-bindings --server-timeout 0").exits_with_one_of(&[0, 5]);
        work.on(&server, command).exits(0);
    }
    assert_eq!(server.stored("bindings"), before + 4);
    assert_eq!(server.stored("customers"), 65);
    let bound: Vec<String> =
        server.records("bindings").iter().rev().take(4).map(|binding| binding["openId"].to_string()).collect();
    assert!((1..=4).all(|n| bound.contains(&format!("\"K-{n}\""))), "{bound:?}");
    work.on(&server, command).exits(0).says("this was done before").says("old IDs bound");
    assert_eq!(server.stored("bindings"), before + 4);
    // What cannot be bound is refused before anything is sent.
    let requests = server.requests_to("customers.create");
    work.write("plain.csv", "姓名,手机,公司编号\n示例 六,13100000006,20001\n");
    work.on(&server, "import customers plain.csv --bind open").exits(2).says("--bind needs a column");
    work.on(&server, "import customers mine.csv --source crm --bind letter --run other")
        .exits(2)
        .says("write one of: ");
    work.write_table("t.csv", &tickets(&[("T-1", "示例 甲", "一")]));
    work.on(&server, "import tickets t.csv --source crm --bind open").exits(2).says("cannot be bound");
    assert_eq!(server.requests_to("customers.create"), requests);
}

/// Whoever settles a run settles what is a part of its rows.
#[test]
fn a_run_is_settled_together_with_the_bindings_of_its_records() {
    let lost = "504,on=POST bindings,nth=2,times=1";
    // Two of the bindings are asked for when they are made, and the one in doubt at the end.
    let server = Server::faulty(&[lost, "403,on=GET bindings,times=3"]);
    let work = Work::new();
    let mut table = Table::of(&["旧系统编号", "姓名", "手机", "帮我吧公司编号"]);
    for n in 1..=3 {
        table.push(&[&format!("K-{n}"), &format!("示例 {n}"), &format!("1310000000{n}"), "20001"]);
    }
    work.write_table("mine.csv", &table);
    let command = "import customers mine.csv --source crm --bind open --run mine --server-timeout 0 --no-canary";
    work.on(&server, command).exits(4).says("created 2 · unknown (do not import again) 1");
    let settled = work.on(&server, "settle mine --server-timeout 0");
    settled.exits(5).says("the bindings of its records, too (mine-bindings): found out: 1 row was not done");
    settled.says("next: bw8 import customers mine.csv");
    work.on(&server, command).exits(0);
    let bound = server
        .records("bindings")
        .iter()
        .filter(|binding| binding["openId"].as_str().unwrap().starts_with("K-"))
        .count();
    assert_eq!(bound, 3);
}

#[test]
fn a_second_row_with_an_old_id_is_not_sent_by_a_retry() {
    let server = Server::start("");
    let work = Work::new();
    let stored = server.stored("tickets");
    import(&work, &server, "first", &tickets(&[("1", "示例 甲", "一"), ("1", "示例 乙", "二")])).exits(3);
    for (name, has_numbers) in [("numbered", true), ("bare", false)] {
        let mut failed = work.table("run-first/failed.csv");
        if !has_numbers {
            failed.set(0, "bw8_row", "");
        }
        work.write_table(&format!("{name}.csv"), failed.set(0, "描述", "改过"));
        let ran = work.on(&server, format!("retry {name}.csv --run run-{name}"));
        ran.exits(3).says("as row 2 of the earlier input does");
        assert_eq!(server.stored("tickets"), stored + 1);
    }
    // Under an id of its own it is another record.
    work.write_table("other.csv", work.table("run-first/failed.csv").set(0, "旧系统编号", "2"));
    work.on(&server, "retry other.csv --run run-other").exits(0);
    assert_eq!(server.stored("tickets"), stored + 2);
}

#[test]
fn a_record_that_is_another_one_in_the_same_system_is_held_whatever_its_key() {
    let people = |rows: &str| format!("客户编号,姓名,手机,公司名称\n{rows}");
    for mode in ["upsert", "update", "skip-existing"] {
        let server = Server::start("");
        let work = Work::with("first.csv", people("C002,示例二,13100000002,示例公司00001有限公司\n"));
        work.on(&server, "import customers first.csv --source old --run first").exits(0);
        let id = work.table("first/results.csv").column("id")[0].to_owned();
        work.write("second.csv", people("C003,示例三,13100000002,示例公司00001有限公司\n"));
        let command = format!("import customers second.csv --source old --mode {mode} --run second");
        work.on(&server, &command).exits(3).says(&format!("record {id} is C002 in old, and this row is C003 there"));
        assert_eq!(work.table("second/results.csv").column("status"), ["held"], "{mode}");
        work.on(&server, "ids export ids.csv").exits(0);
        assert_eq!(work.table("ids.csv").column("old id"), ["C002"], "{mode}");
        // Another system calls it as it likes, and a person may say that both are one.
        let other = format!("import customers second.csv --source other --mode {mode} --run other");
        work.on(&server, &other).exits(0);
        work.write("both.csv", format!("source,entity,old id,new id\nold,customers,C003,{id}\n"));
        work.on(&server, "ids import both.csv").exits(0);
        work.on(&server, command.replace("--run second", "--run again")).exits(0);
    }
}

#[test]
fn two_rows_of_one_system_do_not_both_become_the_record_that_is_there() {
    let server = Server::start("");
    let row = "示例二,13100000002,010-22220002,示例公司00001有限公司";
    let work = Work::with("first.csv", format!("姓名,手机,固定电话,公司名称\n{row}\n"));
    work.on(&server, "import customers first.csv --run first").exits(0);
    work.write(
        "mine.csv",
        "客户编号,姓名,手机,固定电话,公司名称\nC1,示例二,13100000002,,示例公司00001有限公司\n\
         C2,示例二,,010-22220002,示例公司00001有限公司\n",
    );
    work.on(&server, "import customers mine.csv --source old --mode skip-existing --run run").exits(3);
    assert_eq!(work.table("run/results.csv").column("status"), ["skipped", "refused"]);
    // Without old ids both may find it there.
    work.write("plain.csv", "姓名,手机,固定电话,公司名称\n示例二,13100000002,,示例公司00001有限公司\n示例二,,010-22220002,示例公司00001有限公司\n");
    work.on(&server, "import customers plain.csv --mode skip-existing --run plain").exits(0);
}

#[test]
fn a_changed_row_waits_where_the_list_is_refused() {
    let server = Server::start("");
    let work = Work::new();
    import(&work, &server, "first", &tickets(&[("1", "示例 甲", "一"), ("2", "示例 乙", "二")])).exits(0);
    work.write_table("second.csv", &tickets(&[("1", "示例 甲", "改过"), ("2", "示例 乙", "二")]));
    // This login may not see the list.
    let as_agent = |mode: &str| {
        let mut command = work.command_on(
            &server,
            format!("import tickets second.csv --source crm --mode {mode} --run {mode} --same-account run-first"),
        );
        command.env("BW8_USER", "agent01@example.com");
        work.run(command)
    };
    as_agent("upsert").exits(3).says("1 row may be right");
    assert_eq!(results_in(&work, "upsert").column("status"), ["held", "skipped"]);
    // What is there stays as it is anyway.
    as_agent("skip-existing").exits(0);
    assert_eq!(results_in(&work, "skip-existing").column("code"), ["sent_before_changed", "sent_before"]);
}

fn results_in(work: &Work, run: &str) -> Table {
    work.table(format!("{run}/results.csv"))
}

#[test]
fn a_row_that_is_retried_is_bound_as_the_others_were() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "客户编号,姓名,手机,公司名称\nK1,示例一,13100000001,示例公司00001有限公司\nK4,示例四,139,示例公司00001有限公司\n",
    );
    let bound = server.stored("bindings");
    work.on(&server, "import customers mine.csv --source old --bind open --run run").exits(3);
    let mut failed = work.table("run/failed.csv");
    work.write_table("run/failed.csv", failed.set(0, "手机", "13100000004"));
    work.on(&server, "retry run").exits(0).says("old IDs bound: created 1");
    assert_eq!(server.stored("bindings"), bound + 2);
}
