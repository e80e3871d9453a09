//! The files: read back cell by cell, in every format.

use calamine::{Data, DataType as _, Reader};
use serde_json::Value;

use crate::harness::*;

fn sheet(work: &Work, file: &str, number: usize) -> (String, Vec<Vec<Data>>) {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(work.path(file)).unwrap();
    let name = book.sheet_names()[number].clone();
    let range = book.worksheet_range(&name).unwrap();
    (name, range.rows().map(<[Data]>::to_vec).collect())
}

fn text(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        cell => cell.to_string(),
    }
}

#[test]
fn a_workbook_and_a_csv_say_the_same_cell_by_cell() {
    let work = Work::beside_sandbox();
    for entity in ["customers", "companies", "tickets", "agents", "calls", "chats", "knowledge"] {
        work.export([entity, "-o", "a.xlsx", "--no-names"]).exits(0);
        work.export([entity, "-o", "a.csv"]).exits(0);
        let (_, cells) = sheet(&work, "a.xlsx", 1);
        let csv = work.rows("a.csv");
        assert_eq!(cells.len(), csv.len(), "{entity}");
        for (row, (cells, texts)) in cells.iter().zip(&csv).enumerate() {
            for (column, wanted) in texts.iter().enumerate() {
                let found = cells.get(column).map(text).unwrap_or_default();
                let plain = found.strip_suffix(" 00:00:00").unwrap_or(&found);
                assert!(found == *wanted || plain == wanted, "{entity} row {row} column {column}: {found} {wanted}");
            }
        }
    }
}

#[test]
fn phones_are_text_and_dates_are_dates() {
    let work = Work::beside_sandbox();
    work.export("customers -o a.xlsx --columns cId,mobile,createDT,name").exits(0);
    let (name, cells) = sheet(&work, "a.xlsx", 1);
    assert_eq!(name, "Customers");
    assert_eq!(cells[0].iter().map(text).collect::<Vec<_>>(), ["Customer ID", "Mobile", "Created at", "Name"]);
    assert!(matches!(cells[1][0], Data::String(_)), "{:?}", cells[1]);
    assert!(matches!(cells[1][1], Data::String(_)), "{:?}", cells[1]);
    assert!(cells[1][2].is_datetime(), "{:?}", cells[1]);
}

#[test]
fn the_first_sheet_sums_up_and_can_be_left_out() {
    let work = Work::beside_sandbox();
    work.export("tickets -o a.xlsx --where Status=solved --headers zh").exits(0);
    let (name, cells) = sheet(&work, "a.xlsx", 0);
    assert_eq!(name, "导出概览");
    let facts: Vec<String> = cells.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect();
    let all = facts.join("\n");
    for wanted in
        ["工单导出", "demo@example.com", "Status=solved", "按受理客服", "按工单状态", "已解决", "按优先级", "按日期"]
    {
        assert!(all.contains(wanted), "{wanted} is not in\n{all}");
    }
    let (_, rows) = sheet(&work, "a.xlsx", 1);
    let records = format!("记录数|{}", rows.len() - 1);
    assert!(facts.contains(&records), "{records} is not in\n{all}");
    let file = std::fs::File::open(work.path("a.xlsx")).unwrap();
    let parts =
        zip::ZipArchive::new(file).unwrap().file_names().map(|name| name.unwrap().into_owned()).collect::<Vec<_>>();
    assert_eq!(parts.iter().filter(|name| name.starts_with("xl/charts/chart")).count(), 1, "{parts:?}");
    work.export("tickets -o b.xlsx --summary none").exits(0);
    assert_eq!(sheet(&work, "b.xlsx", 0).0, "Tickets");
}

#[test]
fn names_stand_beside_ids_and_one_who_left_shows() {
    let agents = r#"{"supports":[{"sId":"7001","name":"示例甲","isStat":"1"},{"sId":"7002","name":"示例乙","isStat":"0"}],"count":2}"#;
    let customers = r#"{"users":[
        {"cId":"1","name":"a","supportId":"7001","createrId":"7009","companyId":"0"},
        {"cId":"2","name":"b","supportId":"7002","createrId":"7001","companyId":"0"}],"count":2}"#;
    let service = Service::start(move |request| match request.path.as_str() {
        "/users.json" => (200, customers.to_owned()),
        "/supports.json" => (200, agents.to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.export("customers -o a.csv --names --columns cId,supportId,createrId").exits(0);
    let rows = work.rows("a.csv");
    assert_eq!(rows[0], ["Customer ID", "Agent ID", "Agent (name)", "Creator ID", "Creator (name)"]);
    assert_eq!(rows[1], ["1", "7001", "示例甲", "7009", "7009 (no longer there)"]);
    assert_eq!(rows[2], ["2", "7002", "示例乙 (left)", "7001", "示例甲"]);
}

#[test]
fn a_list_of_names_that_is_refused_is_asked_for_one_by_one() {
    // The list of agent groups is only assumed; the page of one group is known.
    let work = Work::beside(Server::inside(|options| options.assume = bw8::sandbox::Assume::Nothing));
    work.export("tickets -o a.csv --names --columns ticketId,servicerGroupId").exits(0);
    assert!(work.rows("a.csv")[1..].iter().all(|row| row[2].starts_with("示例")), "{:?}", work.rows("a.csv"));
}

#[test]
fn words_headers_and_custom_fields() {
    let work = Work::beside_sandbox();
    work.export("customers -o zh.csv --headers zh").exits(0);
    let rows = work.rows("zh.csv");
    let at = |title: &str| rows[0].iter().position(|header| header == title).unwrap_or_else(|| panic!("{title}"));
    assert_eq!(rows[0][0], "联系人编号");
    assert_eq!(rows[1][at("在职状态")], "在职");
    assert!(["金", "银", "铜"].contains(&rows[1][at("示例等级")].as_str()));
    work.export("tickets -o api.csv --headers api --raw --columns ticketId,ticketStatus,field_12").exits(0);
    let rows = work.rows("api.csv");
    assert_eq!(rows[0], ["ticketId", "ticketStatus", "field_12"]);
    assert!(rows[1][1].parse::<u8>().is_ok() && rows[1][2].starts_with("810"), "{:?}", rows[1]);
    // By label, and in words.
    work.export("tickets -o words.csv --columns 示例产品,工单编号").exits(0);
    let rows = work.rows("words.csv");
    assert_eq!(rows[0], ["示例产品", "Ticket ID"]);
    assert!(["打印机", "扫描仪", "其他"].contains(&rows[1][0].as_str()), "{:?}", rows[1]);
    let unknown = work.export("tickets -o x.csv --columns nonsense");
    assert!(unknown.exits(2).json()["error"]["hint"].as_str().unwrap().contains("Ticket ID"));
}

#[test]
fn secrets_are_left_out_unless_named_and_never_kept() {
    let work = Work::beside_sandbox();
    work.export("companies -o a.csv").exits(0);
    assert!(!work.read("a.csv").contains("sandbox-"));
    work.export("companies -o b.csv --columns uId,servicepassword").exits(0);
    assert!(work.rows("b.csv")[1..].iter().any(|row| row[1].starts_with("sandbox-")));
    for entry in std::fs::read_dir(work.path("state/mirrors")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"sandbox-"), "a password is in the mirror");
    }
}

#[test]
fn json_lines_are_one_object_a_line() {
    let work = Work::beside_sandbox();
    let ran = work.bw8("export customers -o - --to jsonl --rate 0");
    let lines: Vec<Value> = ran.exits(0).stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 60);
    assert_eq!(lines[0]["cId"], "50001");
    assert!(lines[0]["custom_fields"].is_array(), "{}", lines[0]);
    let csv = work.bw8("export customers -o - --to csv --rate 0");
    assert_eq!(Table::of_csv(csv.exits(0).stdout()).len(), 60);
    work.bw8("export customers -o - --rate 0").exits(2);
}

#[test]
fn gb18030_says_the_same_as_utf_8() {
    let work = Work::beside_sandbox();
    work.export("customers -o a.csv").exits(0);
    work.export("customers -o b.csv --encoding gb18030").exits(0);
    let bytes = std::fs::read(work.path("b.csv")).unwrap();
    let (decoded, had_errors) = encoding_rs::GB18030.decode_without_bom_handling(&bytes);
    assert!(!had_errors);
    assert_eq!(decoded, work.read("a.csv").trim_start_matches('\u{feff}'));
    assert!(work.read("a.csv").starts_with('\u{feff}') && work.read("a.csv").contains("\r\n"));
}

#[test]
fn formulas_are_guarded_html_is_stripped_and_long_text_is_cut_with_a_warning() {
    let long = "字".repeat(40_000);
    let body = serde_json::json!({"knowledge": [
        {"kId": "1", "sQuestion": "=cmd|' /C calc'!A0", "sAnswer": "<p>一</p><p>二 &amp; 三</p>", "state": "1"},
        {"kId": "2", "sQuestion": long, "sAnswer": "", "state": "9"},
    ], "count": 2})
    .to_string();
    let service = Service::start(move |request| match request.path.as_str() {
        "/knowledge.json" => (200, body.clone()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.export("knowledge -o a.csv --columns kId,sQuestion,sAnswer,state").exits(0);
    let rows = work.rows("a.csv");
    assert_eq!(rows[1], ["1", "'=cmd|' /C calc'!A0", "一\n\n二 & 三", "reviewed"]);
    assert_eq!(rows[2][3], "9", "a code without a word stays");
    work.export("knowledge -o b.csv --columns sAnswer --raw").exits(0);
    assert_eq!(work.rows("b.csv")[1][0], "<p>一</p><p>二 &amp; 三</p>");
    let json = work.export("knowledge -o a.xlsx --columns kId,sQuestion --no-names").exits(0).json();
    assert!(json["warnings"][0].as_str().unwrap().contains("32,767"), "{json}");
    let (_, cells) = sheet(&work, "a.xlsx", 1);
    assert_eq!(text(&cells[2][1]).chars().count(), 32_767);
}

#[test]
fn the_manifest_proves_it() {
    use sha2::Digest;
    let work = Work::beside_sandbox();
    work.export("customers -o weekly.xlsx --since 2025-02-01").exits(0);
    let manifest: Value = serde_json::from_str(&work.read("weekly.xlsx.manifest.json")).unwrap();
    assert_eq!(manifest["complete"], true);
    // A day more than what is meant was asked for.
    assert!(manifest["records"].as_u64() <= manifest["server_count"].as_u64(), "{manifest}");
    assert_eq!(manifest["windows"][0]["joined"], true);
    assert_eq!(manifest["filter"][0], "--since 2025-02-01");
    let bytes = std::fs::read(work.path("weekly.xlsx")).unwrap();
    let sum: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(manifest["files"][0]["sha256"], sum);
    assert_eq!(manifest["files"][0]["bytes"], bytes.len());
}

#[test]
fn a_workbook_that_is_open_is_left_alone() {
    let work = Work::beside_sandbox();
    std::fs::write(work.path("weekly.xlsx"), "open").unwrap();
    std::fs::write(work.path("~$weekly.xlsx"), "").unwrap();
    let json = work.export("agents -o weekly.xlsx").exits(0).json();
    assert_eq!(work.read("weekly.xlsx"), "open");
    assert_eq!(json["files"][0], "weekly-2.xlsx");
    assert!(json["warnings"][0].as_str().unwrap().contains("open in another program"));
}

#[test]
fn what_customers_writes_an_update_accepts_unchanged() {
    let work = Work::beside_sandbox();
    for (file, headers) in [("a.csv", "zh"), ("b.csv", "en"), ("c.csv", "api"), ("d.xlsx", "zh")] {
        work.export(["customers", "-o", file, "--headers", headers]).exits(0);
        let ran =
            work.bw8(["import", "customers", file, "--mode", "update", "--rate", "0", "--format", "json", "--yes"]);
        let rows = ran.exits(0).json()["rows"].clone();
        assert_eq!(rows["read"], 60, "{file}: {rows}");
        assert_eq!(rows["refused"], 0, "{file}: {rows}");
    }
}

#[test]
fn messages_stand_in_a_file_beside() {
    let work = Work::beside_sandbox();
    let json = work.export("chats -o chats.csv --messages").exits(0).json();
    assert_eq!(json["files"], serde_json::json!(["chats.csv", "chats-messages.csv"]));
    let chats = work.ids("chats.csv");
    let messages = work.rows("chats-messages.csv");
    assert_eq!(messages[0], ["Chat ID", "Speaker", "Speaker is", "Text", "Time"]);
    assert!(messages.len() > chats.len());
    assert!(messages[1..].iter().all(|row| chats.contains(&row[0].parse().unwrap())));
}

#[test]
fn bindings_are_walked_and_announced() {
    for variant in ["unbound=empty", "unbound=error"] {
        let work = Work::beside(Server::variant(&[variant]));
        let ran = work.export("bindings -o b.csv");
        ran.exits(0).says("240 requests");
        assert_eq!(ran.json()["records"], 20, "{variant}");
        assert_eq!(work.rows("b.csv").len(), 21);
    }
}

#[test]
fn tags_and_field_definitions() {
    let work = Work::beside_sandbox();
    work.export("tags -o tags.csv").exits(0);
    work.export("customers -o c.csv --columns tableName").exits(0);
    let tagged = work.rows("c.csv").iter().filter(|row| row[0].split(',').any(|tag| tag == "vip")).count();
    let table = work.table("tags.csv");
    assert_eq!(table.header(), ["Record type", "Record ID", "Set tags to"]);
    let with_vip = |(kind, tags): &(&&str, &&str)| **kind == "customer" && tags.split(',').any(|tag| tag == "vip");
    assert_eq!(table.column("Record type").iter().zip(&table.column("Set tags to")).filter(with_vip).count(), tagged);
    let rows = work.rows("tags-counts.csv");
    assert_eq!(rows[0], ["Record type", "Tag", "Records"]);
    assert!(rows.contains(&vec!["Customers".to_owned(), "vip".to_owned(), tagged.to_string()]), "{rows:?}");
    work.export("fields -o f.csv --form 1 --columns of,key,name").exits(0);
    let rows = work.rows("f.csv");
    for of in ["tickets", "companies", "customers", "form 1"] {
        assert!(rows.iter().any(|row| row[0] == of), "{of}: {rows:?}");
    }
    // Where the assumed endpoint is refused the others are exported, and it is said.
    let strict = Work::beside(Server::inside(|options| options.assume = bw8::sandbox::Assume::Nothing));
    let json = strict.export("fields -o f.csv").exits(0).json();
    assert!(json["warnings"][0].as_str().unwrap().contains("user_fields"), "{json}");
}

#[test]
fn the_first_sheet_tells_times_that_are_not_those_of_whole_days() {
    let work = Work::beside_sandbox();
    for (since, until, said) in [
        ("2025-03-01", "2025-03-31", "Created at: 2025-03-01 – 2025-03-31"),
        ("2025-03-01 12:00", "2025-03-31", "Created at: 2025-03-01 12:00:00 – 2025-03-31"),
        ("2025-03-01", "2025-03-31 00:00", "Created at: 2025-03-01 – 2025-03-31 00:00:00"),
    ] {
        work.export(["tickets", "-o", "a.xlsx", "--since", since, "--until", until, "--no-names"]).exits(0);
        let (_, cells) = sheet(&work, "a.xlsx", 0);
        assert!(cells.iter().flatten().any(|cell| text(cell) == said), "{said}: {cells:?}");
    }
}

#[test]
fn the_first_sheet_counts_times_in_every_form_and_records_that_tell_none() {
    let service = Service::start(|request| match request.path.as_str() {
        "/tickets.json" => {
            let times = [
                "\"2026-03-02 08:00:00\"",
                "\"2026-03-01T20:00:00Z\"",
                "1772380800",
                "\"0000-00-00 00:00:00\"",
                "null",
            ];
            let rows: Vec<String> =
                times.iter().zip(1..).map(|(at, id)| format!("{{\"ticketId\":{id},\"createDT\":{at}}}")).collect();
            (200, format!("{{\"tickets\":[{}],\"count\":5}}", rows.join(",")))
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.export("tickets -o a.xlsx --no-names").exits(0);
    let (_, cells) = sheet(&work, "a.xlsx", 0);
    let rows: Vec<String> = cells.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join(" ")).collect();
    let begin = rows.iter().position(|row| row.starts_with("By day")).unwrap();
    let counted: Vec<&str> = rows[begin + 1..].iter().map(|row| row.trim()).collect();
    assert_eq!(counted[..2], ["2026-03-02 3", "(none) 2"], "{rows:?}");
}
