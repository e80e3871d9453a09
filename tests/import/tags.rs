//! Tags are added, removed and set, in updates of any record and in files of tags: from what is there, whatever the order, and
//! nothing is written where nothing changes.

use std::collections::BTreeSet;

use crate::harness::*;

/// Entities with tags: the path of a record, the field, what an update's body is wrapped in, the record's id, its heading, and
/// what a file of tags calls it.
const ENTITIES: [(&str, &str, &str, &str, &str, &str); 3] = [
    ("customers", "users/50001", "tableName", "user", "联系人编号", "联系人"),
    ("companies", "companies/20001", "tableName", "company", "公司编号", "公司"),
    ("tickets", "tickets/900001", "tagList", "ticket", "工单编号", "工单"),
];

/// The tags of the record that an entity is tried with.
fn tags(server: &Server, (entity, path, field, ..): (&str, &str, &str, &str, &str, &str)) -> BTreeSet<String> {
    let id = path.rsplit('/').next().unwrap();
    let records = server.records(entity);
    let record = records.iter().find(|record| record.values().any(|value| value == id)).unwrap();
    let text = record.get(field).and_then(|text| text.as_str()).unwrap_or_default();
    text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn set(server: &Server, (_, path, field, wrap, ..): (&str, &str, &str, &str, &str, &str), tags: &str) {
    server.change(path, &format!(r#"{{"{wrap}":{{"{field}":"{tags}"}}}}"#));
}

fn of(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

#[test]
fn signed_tags_add_and_remove_in_updates_of_any_record() {
    for entity in ENTITIES {
        let (name, path, _, _, heading, _) = entity;
        let id = path.rsplit('/').next().unwrap();
        let (work, server) = (Work::new(), Server::start(""));
        // The cell, what is there, what is there afterwards.
        for (number, (cell, there, wanted)) in [
            ("+老客户,-试用", "试用,甲", &["甲", "老客户"][..]),
            ("-试用,+老客户", "试用,甲", &["甲", "老客户"]),
            ("＋老客户，－试用", "甲,试用", &["甲", "老客户"]),
            ("+老客户", "甲", &["甲", "老客户"]),
            ("-甲", "甲,乙", &["乙"]),
            ("-甲", "甲", &[]),
            ("丙,丁", "甲,乙", &["丙", "丁"]),
            // Nothing changes.
            ("+甲,-丙", "乙,甲", &["甲", "乙"]),
            ("乙,甲", "甲,乙", &["甲", "乙"]),
        ]
        .into_iter()
        .enumerate()
        {
            set(&server, entity, there);
            let file = format!("mine{number}.csv");
            work.write(&file, format!("{heading},标签\n{id},\"{cell}\"\n"));
            let writes = server.requests_to(&format!("{name}.update"));
            work.on(&server, format!("import {name} {file} --mode update")).exits(0);
            assert_eq!(tags(&server, entity), of(wanted), "{name} {cell} {there}");
            let written = server.requests_to(&format!("{name}.update")) - writes;
            let there: BTreeSet<String> = there.split(',').map(str::to_owned).collect();
            assert_eq!(written, u64::from(there != of(wanted)), "{name} {cell}");
        }
    }
}

#[test]
fn a_file_of_tags_adds_removes_and_sets_on_any_record() {
    for entity in ENTITIES {
        let (_, path, _, _, _, kind) = entity;
        let id = path.rsplit('/').next().unwrap();
        let (work, server) = (Work::new(), Server::start(""));
        for (number, (cells, wanted)) in [
            ("老客户,,", &["甲", "乙", "老客户"][..]),
            (",甲,", &["乙"]),
            ("老客户,甲,", &["乙", "老客户"]),
            (",,丙", &["丙"]),
            ("\"+丙,-甲\",,", &["乙", "丙"]),
            ("\"-甲,+丙\",,", &["乙", "丙"]),
            ("甲,丁,", &["甲", "乙"]),
        ]
        .into_iter()
        .enumerate()
        {
            set(&server, entity, "甲,乙");
            let file = format!("tags{number}.csv");
            work.write(&file, format!("对象类型,记录编号,添加标签,移除标签,设为标签\n{kind},{id},{cells}\n"));
            work.on(&server, format!("import tags {file}")).exits(0);
            assert_eq!(tags(&server, entity), of(wanted), "{kind} {cells}");
        }
    }
}

#[test]
fn there_and_back_again_are_three_writes() {
    let (work, server) = (Work::new(), Server::start(""));
    let customer = ENTITIES[0];
    set(&server, customer, "丁");
    let writes = server.requests_to("customers.update");
    for (file, tag) in [("a.csv", "甲"), ("b.csv", "乙"), ("a.csv", "甲")] {
        work.write(file, format!("对象类型,记录编号,设为标签\n联系人,50001,{tag}\n"));
        work.on(&server, format!("import tags {file}")).exits(0);
        assert_eq!(tags(&server, customer), of(&[tag]));
    }
    assert_eq!(server.requests_to("customers.update") - writes, 3);
}

#[test]
fn a_column_of_tags_is_added_or_taken_away_as_is_said() {
    let customer = ENTITIES[0];
    for (way, wanted) in [("merge", &["甲", "乙", "丙"][..]), ("remove", &["乙"])] {
        let (work, server) = (Work::new(), Server::start(""));
        work.write("map.toml", format!("[overwrite]\n\"标签\" = \"{way}\"\n"));
        for switch in [format!("--overwrite 标签={way}"), "--mapping map.toml".to_owned()] {
            set(&server, customer, "甲,乙");
            work.write("mine.csv", "联系人编号,标签\n50001,\"甲,丙\"\n");
            work.on(&server, format!("import customers mine.csv --mode update --fresh {switch}")).exits(0);
            assert_eq!(tags(&server, customer), of(wanted), "{switch}");
        }
        work.on(&server, "import customers mine.csv --mode update --overwrite 姓名=remove").exits(2).says("no list");
    }
}

/// A folder with an export of the sandbox's tags.
fn exported(file: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(""));
    for entity in ENTITIES {
        set(&server, entity, "乙,甲");
    }
    work.on(&server, format!("export tags -o {file} --headers zh")).exits(0);
    (work, server)
}

fn writes(server: &Server) -> u64 {
    ["customers", "companies", "tickets"].iter().map(|entity| server.requests_to(&format!("{entity}.update"))).sum()
}

#[test]
fn an_export_of_tags_that_nobody_edited_writes_nothing() {
    for mode in ["", " --mode update"] {
        for file in ["tags.csv", "tags.xlsx"] {
            let (work, server) = exported(file);
            let sent = writes(&server);
            let ran = work.on(&server, format!("import tags {file}{mode}"));
            ran.exits(0).says("this is the export of");
            let rows = work.summary()["rows"].clone();
            assert_eq!(rows["unchanged"], rows["read"], "{file}{mode} {ran}");
            assert_eq!(writes(&server), sent, "{file}{mode}");
        }
    }
}

#[test]
fn two_edited_rows_of_tags_are_two_writes_and_what_others_changed_stays() {
    let (work, server) = exported("tags.csv");
    let mut table = work.table("tags.csv");
    let row = |table: &Table, entity: usize| {
        let id = ENTITIES[entity].1.rsplit('/').next().unwrap();
        let (kinds, ids) = (table.column("对象类型"), table.column("记录编号"));
        (0..ids.len()).find(|at| ids[*at] == id && kinds[*at] == ENTITIES[entity].5).unwrap()
    };
    // A colleague changes the tags of a customer, which nobody edits in the file, and those of a company, which somebody does.
    set(&server, ENTITIES[0], "同事的");
    set(&server, ENTITIES[1], "同事的");
    for entity in [1, 2] {
        let at = row(&table, entity);
        table.set(at, "设为标签", "甲,丙");
    }
    // The row after the customer's.
    let other = row(&table, 0) + 1;
    table.set(other, "设为标签", "丁");
    work.write_table("tags.csv", &table);
    let sent = writes(&server);
    work.on(&server, "import tags tags.csv").exits(3).says("keeps");
    assert_eq!(writes(&server) - sent, 2);
    assert_eq!(tags(&server, ENTITIES[0]), of(&["同事的"]));
    assert_eq!(tags(&server, ENTITIES[1]), of(&["同事的"]));
    assert_eq!(tags(&server, ENTITIES[2]), of(&["甲", "丙"]));
    let results = work.results();
    let codes: BTreeSet<&str> = results.column("code").into_iter().filter(|code| !code.is_empty()).collect();
    assert_eq!(codes, BTreeSet::from(["service_kept", "changed_meanwhile"]));
}

#[test]
fn a_tag_that_the_service_drops_in_a_later_row_is_noticed() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let mut rows = String::from("联系人编号,标签\n");
    for id in 50001..50030 {
        // The first rows that are looked at have tags that the account has.
        let tag = if id == 50020 { "+没有设置的标签" } else { "+vip" };
        rows += &format!("{id},{tag}\n");
    }
    work.write("mine.csv", &rows);
    work.on(&server, "import customers mine.csv --mode update").exits(3).says("没有设置的标签");
    let results = work.results();
    let failed = results.column("code").iter().position(|code| *code == "tags_dropped").unwrap();
    assert_eq!((results.column("status")[failed], results.column("row")[failed]), ("failed", "21"));
    // Each record is read before anybody is asked and before it is written; a tag that the account has is not looked for again.
    assert!(server.requests_to("customers.get") < 2 * 29 + 8, "{}", server.requests_to("customers.get"));
    // Nor is the first row passed over where nothing is read back.
    work.write("one.csv", "联系人编号,标签\n50040,+另一个没有的\n");
    let typed = "import customers one.csv --mode update --no-canary --run one";
    work.on(&server, typed).exits(3).says("另一个没有的");
}

/// Rows of tags for one record, in whatever order they stand: the same comes of them, or those are refused that the order would
/// decide.
#[test]
fn several_rows_of_tags_for_one_record_do_not_depend_on_their_order() {
    // Rows (add, remove, set), which of them are refused or left out, and what is there afterwards.
    let cases: [(&[&str], &[&str], &[&str]); 9] = [
        (&["丙,,", "丁,,", ",甲,"], &["", "", ""], &["丁", "丙", "乙"]),
        (&["\"+丙,-甲\",,", "丁,,"], &["", ""], &["丁", "丙", "乙"]),
        (&["丙,,", ",甲,", "丙,,", "丁,甲,"], &["", "", "same_row", ""], &["丁", "丙", "乙"]),
        (&["丙,,", ",丙,"], &["", "tag_opposed"], &["丙", "乙", "甲"]),
        (&[",甲,", "\"+甲\",,"], &["", "tag_opposed"], &["乙"]),
        (&[",,丙", ",,丁"], &["", "second_change"], &["丙"]),
        (&[",,\"丙,丁\"", ",,\"丁,丙\""], &["", "same_row"], &["丁", "丙"]),
        (&[",,丙", "丁,,"], &["", "second_change"], &["丙"]),
        (&["丁,,", ",,丙", ",甲,"], &["", "second_change", ""], &["丁", "乙"]),
    ];
    let (customer, server) = (ENTITIES[0], Server::start(""));
    for (number, (rows, codes, wanted)) in cases.into_iter().enumerate() {
        let work = Work::new();
        set(&server, customer, "甲,乙");
        let mut text = "对象类型,记录编号,添加标签,移除标签,设为标签\n".to_owned();
        text += &rows.iter().map(|row| format!("联系人,50001,{row}\n")).collect::<String>();
        work.write("tags.csv", text);
        let is_refused = codes.iter().any(|code| !code.is_empty() && *code != "same_row");
        work.on(&server, "import tags tags.csv --concurrency 1").exits(if is_refused { 3 } else { 0 });
        assert_eq!(work.results().column("code"), codes, "{number}");
        assert_eq!(tags(&server, customer), of(wanted), "{number}");
    }
}

#[test]
fn several_rows_of_an_update_add_and_remove_tags_of_one_record() {
    let (customer, server) = (ENTITIES[0], Server::start(""));
    let cases: [(&[&str], &[&str], &[&str]); 4] = [
        (&["+丙", "-甲", "+丁"], &["", "", ""], &["丁", "丙", "乙"]),
        (&["+丙", "-丙"], &["", "tag_opposed"], &["丙", "乙", "甲"]),
        (&["丙", "+丁"], &["", "second_change"], &["丙"]),
        (&["+丙", "丁"], &["", "second_change"], &["丙", "乙", "甲"]),
    ];
    for (rows, codes, wanted) in cases {
        let work = Work::new();
        set(&server, customer, "甲,乙");
        let rows = rows.iter().map(|row| format!("50001,{row}\n")).collect::<String>();
        work.write("mine.csv", format!("联系人编号,标签\n{rows}"));
        let code = if codes.iter().all(|code| code.is_empty()) { 0 } else { 3 };
        work.bw8("check customers mine.csv --mode update").exits(code);
        work.on(&server, "import customers mine.csv --mode update --concurrency 1").exits(code);
        assert_eq!(work.results().column("code"), codes, "{rows}");
        assert_eq!(tags(&server, customer), of(wanted), "{rows}");
    }
}

/// A new record has no tags that could be taken away: it gets what is added, and no sign is ever part of a tag.
#[test]
fn signed_tags_of_a_new_record_are_what_they_add() {
    let (work, server) = (Work::new(), Server::start(""));
    let last = |entity: &str, field: &str| {
        let record = server.records(entity).pop().unwrap();
        record.get(field).and_then(|tags| tags.as_str()).unwrap_or_default().to_owned()
    };
    let mut mobile = 13_100_000_000_u64;
    for (number, (options, cell, wanted)) in [
        ("", "+老客户,-试用", "老客户"),
        ("", "-试用", ""),
        ("", "＋老客户", "老客户"),
        ("--mode upsert", "+老客户,-试用", "老客户"),
        ("--mode upsert", "-试用", ""),
        ("--mode upsert --overwrite 标签=remove", "试用", ""),
        ("--mode upsert --overwrite 标签=merge", "试用", "试用"),
        ("--mode upsert", "老客户,试用", "老客户,试用"),
    ]
    .into_iter()
    .enumerate()
    {
        mobile += 1;
        let file = format!("new{number}.csv");
        work.write(&file, format!("姓名,手机,公司编号,标签\n示例,{mobile},20001,\"{cell}\"\n"));
        work.on(&server, format!("import customers {file} {options}")).exits(0);
        assert_eq!(last("customers", "tableName"), wanted, "{options} {cell}");
    }
    work.write("ticket.csv", "标题,描述,联系人编号,标签\n示例,示例,50001,\"+急,-慢\"\n");
    work.on(&server, "import tickets ticket.csv").exits(0);
    assert_eq!(last("tickets", "tagList"), "急");
}

/// The column of an export of tags says what the tags are to be, or adds and takes away, or empties them.
#[test]
fn an_export_of_tags_is_edited_with_signs_and_emptied() {
    for entity in ENTITIES {
        let (_, path, _, _, _, kind) = entity;
        let id = path.rsplit('/').next().unwrap();
        let (work, server) = (Work::new(), Server::start(""));
        for (number, (cell, wanted)) in [
            ("+老客户", &["甲", "乙", "老客户"][..]),
            ("+老客户,-甲", &["乙", "老客户"]),
            ("#清空", &[]),
            ("丙", &["丙"]),
        ]
        .into_iter()
        .enumerate()
        {
            set(&server, entity, "甲,乙");
            let file = format!("tags{number}.csv");
            work.on(&server, format!("export tags -o {file} --headers zh")).exits(0);
            let mut table = work.table(&file);
            let row = table.column("记录编号").iter().position(|there| *there == id).unwrap();
            table.set(row, "设为标签", cell);
            work.write_table(&file, &table);
            let ran = work.on(&server, format!("import tags {file}"));
            ran.exits(0);
            assert_eq!(tags(&server, entity), of(wanted), "{kind} {cell}: {ran}");
            assert_eq!(work.summary()["rows"]["updated"], 1, "{kind} {cell}");
        }
        // The same in a file of a person's own.
        set(&server, entity, "甲,乙");
        work.write("own.csv", format!("对象类型,记录编号,设为标签\n{kind},{id},#清空\n"));
        work.on(&server, "import tags own.csv").exits(0);
        assert_eq!(tags(&server, entity), of(&[]));
    }
}

/// What a file of tags wrote is neither put back by an export that is older, nor by a file whose tags were written before, and a
/// file that was done is looked at anew once a run of the other kind has written.
#[test]
fn an_update_puts_no_tags_back_that_a_file_of_tags_has_changed() {
    for entity in ENTITIES {
        let (name, path, field, _, heading, kind) = entity;
        let id = path.rsplit('/').next().unwrap();
        let (work, server) = (Work::new(), Server::start(""));
        set(&server, entity, "甲");
        work.on(&server, format!("export {name} -o old.csv --headers zh --summary none")).exits(0);
        work.write("tags.csv", format!("对象类型,记录编号,添加标签\n{kind},{id},乙\n"));
        work.on(&server, "import tags tags.csv --run tags").exits(0);
        let update = format!("import {name} old.csv --mode update");
        work.on(&server, &update).exits(0).says("keeps a value that differs");
        assert_eq!(tags(&server, entity), of(&["甲", "乙"]), "{name}");
        let mut table = work.table("old.csv");
        let row = table.column(heading).iter().position(|there| *there == id).unwrap();
        table.set(row, "标签", "丙");
        work.write_table("old.csv", &table);
        work.on(&server, &update).exits(3).says("changed in the service since");
        assert_eq!(tags(&server, entity), of(&["甲", "乙"]), "{name} {field}");
        // A file of one's own, whose tags were sent before the others came.
        work.write("own.csv", format!("{heading},标签\n{id},丁\n"));
        work.on(&server, format!("import {name} own.csv --mode update")).exits(0);
        work.write("tags.csv", format!("对象类型,记录编号,添加标签\n{kind},{id},戊\n"));
        work.on(&server, "import tags tags.csv --run more").exits(0);
        work.on(&server, format!("import {name} own.csv --mode update")).exits(0).says("keeps a value");
        assert_eq!(tags(&server, entity), of(&["丁", "戊"]), "{name}");
        // And the other way round: what the tags are set to is looked at anew after an update has written others.
        work.write("set.csv", format!("对象类型,记录编号,设为标签\n{kind},{id},己\n"));
        work.on(&server, "import tags set.csv").exits(0);
        work.write("own.csv", format!("{heading},标签\n{id},庚\n"));
        work.on(&server, format!("import {name} own.csv --mode update --accept-warnings=changed_meanwhile")).exits(0);
        assert_eq!(tags(&server, entity), of(&["庚"]), "{name}");
        work.on(&server, "import tags set.csv").exits(0).never_says("was done before");
        assert_eq!(tags(&server, entity), of(&["己"]), "{name}");
    }
}

/// A file of tags that says itself that it is an export, and of which nobody knows here what it said, is an edit or out of date.
#[test]
fn an_export_of_tags_that_nobody_knows_here_is_held_where_it_differs() {
    for mode in ["", " --mode update"] {
        let (work, server) = exported("tags.csv");
        set(&server, ENTITIES[0], "同事的");
        let elsewhere = Work::new();
        for file in ["tags.csv", "tags.csv.manifest.json"] {
            elsewhere.write(file, std::fs::read(work.path(file)).unwrap());
        }
        let sent = writes(&server);
        elsewhere.on(&server, format!("import tags tags.csv{mode}")).exits(3).says("not known here what it said");
        assert_eq!(elsewhere.results().column("code").iter().filter(|code| **code == "origin_unknown").count(), 1);
        assert_eq!(writes(&server), sent);
        elsewhere.on(&server, format!("import tags tags.csv{mode} --accept-warnings=origin_unknown")).exits(0);
        assert_eq!(tags(&server, ENTITIES[0]), of(&["乙", "甲"]));
    }
}

/// A file of tags was taken with such words, and set what was to be added.
#[test]
fn a_file_of_tags_is_told_by_its_columns_alone() {
    let (work, server) = (Work::new(), Server::start(""));
    set(&server, ENTITIES[0], "同事的");
    work.write("tags.csv", "对象类型,记录编号,设为标签\n联系人,50001,甲\n");
    for way in ["merge", "remove", "always", "if-blank", "never"] {
        let ran = work.on(&server, format!("import tags tags.csv --overwrite 设为标签={way}"));
        ran.exits(2).says("the column itself says").says("添加标签");
        assert_eq!(tags(&server, ENTITIES[0]), of(&["同事的"]));
    }
    work.write("map.toml", "[columns]\n\"对象类型\" = \"对象类型\"\n\"记录编号\" = \"记录编号\"\n\"设为标签\" = \"设为标签\"\n[overwrite]\n\"设为标签\" = \"merge\"\n");
    work.on(&server, "import tags tags.csv --mapping map.toml")
        .exits(2)
        .says("map.toml")
        .says("the column itself says");
    assert_eq!(tags(&server, ENTITIES[0]), of(&["同事的"]));
}
