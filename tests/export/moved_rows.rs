//! An export of which a part was sorted and the ids were not, and one in which somebody edited what is never written: the records
//! would get the values of others, and an edit would be lost without a word.

use crate::harness::*;

/// Entities whose exports are handed back, with the heading of their ids and the options of their import.
const ENTITIES: [(&str, &str, &str); 5] = [
    ("customers", "联系人编号", "--mode update"),
    ("companies", "公司编号", "--mode update"),
    ("tickets", "工单编号", "--mode update"),
    ("customer-groups", "分组编号", "--mode update"),
    ("tags", "记录编号", ""),
];

fn exported(entity: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(""));
    for (id, tags) in ["甲", "乙", "丙", "丁", "戊", "己", "庚"].into_iter().enumerate() {
        server.change(&format!("users/{}", 50_001 + id), &format!(r#"{{"user":{{"tableName":"{tags}"}}}}"#));
    }
    work.on(&server, format!("export {entity} -o mine.csv --summary none --headers zh")).exits(0);
    (work, server)
}

fn writes(server: &Server) -> u64 {
    let entities = ["customers", "companies", "tickets", "customer-groups"];
    entities.iter().map(|entity| server.requests_to(&format!("{entity}.update"))).sum()
}

/// Puts the ids of rows that are of one kind in another order.
fn reverse_ids(table: &mut Table, heading: &str) {
    let ids: Vec<String> = table.column(heading).into_iter().map(str::to_owned).collect();
    let kinds: Vec<String> = match table.header().contains(&"对象类型") {
        true => table.column("对象类型").into_iter().map(str::to_owned).collect(),
        false => vec![String::new(); ids.len()],
    };
    let rows: Vec<usize> = (0..ids.len()).filter(|row| kinds[*row] == kinds[0]).collect();
    for (row, other) in rows.iter().zip(rows.iter().rev()) {
        table.set(*row, heading, &ids[*other]);
    }
}

#[test]
fn an_export_that_was_sorted_without_its_ids_is_not_sent() {
    for (entity, heading, options) in ENTITIES {
        let (work, server) = exported(entity);
        let before = writes(&server);
        let mut table = work.table("mine.csv");
        reverse_ids(&mut table, heading);
        // Somebody edits a cell besides.
        let last = table.rows[0].len() - 1;
        let edited = if entity == "tags" { "设为标签".to_owned() } else { table.rows[0][last].clone() };
        table.set(2, &edited, "示例");
        work.write_table("mine.csv", &table);
        work.on(&server, format!("import {entity} mine.csv {options}")).exits(2).says("rows_moved");
        work.on(&server, format!("import {entity} mine.csv {options} --dry-run")).exits(2);
        assert_eq!(writes(&server), before, "{entity}");
    }
}

#[test]
fn values_that_really_change_places_are_sent_once_a_person_says_so() {
    let (work, server) = exported("tags");
    let mut table = work.table("mine.csv");
    reverse_ids(&mut table, "记录编号");
    work.write_table("mine.csv", &table);
    work.on(&server, "import tags mine.csv --accept-warnings").exits(2);
    work.on(&server, "import tags mine.csv --accept-warnings=rows_moved").exits(0);
}

/// Files that nobody sorted wrong, whatever else was done to them.
#[test]
fn rows_that_are_sorted_whole_or_edited_much_are_sent() {
    type Edit = fn(&mut Table);
    let edits: [Edit; 6] = [
        |table| table.rows[1..].reverse(),
        |table| table.rows.truncate(9),
        // The same for all, a value of its own for each, two that are exchanged, and what a spreadsheet program makes of times.
        |table| {
            for row in 0..20 {
                table.set(row, "职位", "示例");
            }
        },
        |table| {
            for row in 0..20 {
                table.set(row, "备注", &format!("第 {row} 行"));
            }
        },
        |table| {
            let places = table.column("职位").into_iter().take(2).map(str::to_owned).collect::<Vec<_>>();
            for row in 0..2 {
                table.set(row, "职位", &places[1 - row]);
            }
        },
        |table| {
            for row in 0..table.len() {
                let time = table.column("创建时间")[row].to_owned();
                let (day, time) = time.split_once(' ').unwrap();
                let day = day.split('-').map(|part| part.trim_start_matches('0')).collect::<Vec<_>>().join("/");
                table.set(row, "创建时间", &format!("{day} {}", time[..5].trim_start_matches('0')));
            }
            table.set(0, "资源地址", "########").set(1, "创建时间", "");
        },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let (work, server) = exported("customers");
        let mut table = work.table("mine.csv");
        edit(&mut table);
        work.write_table("mine.csv", &table);
        let ran = work.on(&server, "import customers mine.csv --mode update");
        ran.exits(0);
        assert!(!ran.stderr().contains("rows_moved"), "{number} {ran}");
    }
}

#[test]
fn an_edit_of_what_is_never_written_is_said_and_waits() {
    for (entity, heading, text) in [
        ("customers", "创建时间", "2020-01-01 00:00:00"),
        ("customers", "资源地址", "https://example.com/50002"),
        ("tickets", "创建时间", "2020-01-01 00:00:00"),
    ] {
        let (work, server) = exported(entity);
        let mut table = work.table("mine.csv");
        table.set(1, heading, text);
        work.write_table("mine.csv", &table);
        let ran = work.on(&server, format!("import {entity} mine.csv --mode update"));
        ran.exits(3).says("never written");
        assert_eq!(work.results().column("code")[..3], ["", "edited_unsent", ""], "{heading} {ran}");
        assert_eq!(work.results().column("status")[1], "held");
        let typed = format!("import {entity} mine.csv --mode update --fresh --accept-warnings=edited_unsent");
        work.on(&server, typed).exits(0);
    }
}
