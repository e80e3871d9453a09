//! What spreadsheets and people have done to values, and what is made of it: restored and said, held back, or refused.

use serde_json::Value;

use crate::harness::*;

/// What a check finds: `code field severity rows`, the weightiest first, in the order of names.
#[track_caller]
fn found(entity: &str, content: impl AsRef<[u8]>, more: &str) -> Vec<String> {
    let work = Work::with("mine.csv", content);
    found_in(&work, &format!("check {entity} mine.csv {more}"))
}

#[track_caller]
fn found_in(work: &Work, typed: &str) -> Vec<String> {
    let ran = work.bw8(format!("{typed} --format json"));
    ran.exits_with_one_of(&[0, 3]);
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let mut found: Vec<String> = ran.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let (code, field, severity) = (text(finding, "code"), text(finding, "field"), text(finding, "severity"));
            format!("{severity} {code} {field} {}", finding["rows"])
        })
        .collect();
    found.sort();
    found
}

/// Imports rows into a server and hands back what it keeps of the last `count` contacts.
#[track_caller]
fn stored(content: &str, more: &str, exit: i32, count: usize) -> Vec<Value> {
    // A field without a value reads as null.
    let (work, server) = (Work::with("mine.csv", content), Server::start(""));
    work.on(&server, format!("import customers mine.csv --concurrency 1 {more}")).exits(exit);
    let records = server.records("customers");
    records[records.len() - count..].iter().cloned().map(Value::Object).collect()
}

#[test]
fn words_for_nothing_are_held_in_every_kind_of_column() {
    let file = "姓名,手机,固定电话,邮箱,公司编号,职位,QQ号,备注,标签,在职状态\n\
        示例甲,13100000001,NULL,（null）,20001,<NA>,NULL,\\N,nan,N/A\n\
        示例乙,13100000002,,,20001,无,,无,无,\n";
    assert_eq!(
        found("customers", file, ""),
        [
            "held null_word QQ 1",
            "held null_word email 1",
            "held null_word fixnumber 1",
            "held null_word note 1",
            "held null_word position 1",
            "held null_word state 1",
            "held null_word tableName 2",
        ]
    );
    let records = stored(file, "--accept-warnings=null_word", 0, 2);
    assert_eq!((&records[0]["note"], &records[0]["QQ"]), (&Value::Null, &Value::Null));
    assert_eq!(records[1]["note"], "无");
    let kept = "姓名,手机,公司编号,备注\n示例甲,13100000001,20001,None\n";
    assert_eq!(found("customers", kept, "--keep-raw"), ["held null_word_kept note 1"]);
    assert_eq!(stored(kept, "--keep-raw --accept-warnings", 0, 1)[0]["note"], "None");
}

#[test]
fn invisible_characters_are_taken_out_and_named() {
    let file = "姓名,手机,邮箱,公司编号,在职状态,QQ号,标签,备注\n\
        \u{200b}示例\u{ad}甲,\u{202d}13100000001\u{202c},a@\u{feff}example.com,20001\u{200f},在职\u{200b},3234\u{a0}5678,重要\u{2060},王❤\u{fe0f}\n";
    let words = found("customers", file, "");
    assert_eq!(words.len(), 7, "{words:?}");
    assert!(words.iter().all(|word| word.starts_with("word invisible_removed")), "{words:?}");
    let work = Work::with("mine.csv", file);
    work.bw8("check customers mine.csv").exits(0).says("U+200B U+00AD").says("U+202D U+202C");
    work.bw8("check customers mine.csv --lang zh").exits(0).says("已去掉不可见字符 U+FEFF");
    let record = &stored(file, "", 0, 1)[0];
    for (field, value) in [
        ("name", "示例甲"),
        ("mobile", "13100000001"),
        ("email", "a@example.com"),
        ("companyId", "20001"),
        ("state", "1"),
        ("QQ", "32345678"),
        ("tableName", "重要"),
        ("note", "王❤\u{fe0f}"),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    let raw = found("customers", file, "--keep-raw");
    assert_eq!(raw.iter().filter(|found| found.starts_with("refused invisible_character")).count(), 5, "{raw:?}");
    let reversed = "姓名,手机,公司编号\n示例\u{202e}甲,13100000001,20001\n";
    assert_eq!(found("customers", reversed, ""), ["refused reversing_character name 1"]);
}

#[test]
fn mobile_numbers_that_are_none_are_refused_and_damaged_ones_restored_only_when_all_is_there() {
    let file = |numbers: &[&str]| {
        let rows = numbers.iter().map(|number| format!("示例,\"{number}\",20001\n"));
        format!("姓名,手机,公司编号\n{}", rows.collect::<String>())
    };
    let wrong = ["13100", "1310000", "123", "00000000000", "99999999999", "23100000001", "1310000000", "+1310000"];
    assert_eq!(found("customers", file(&wrong), ""), ["refused not_a_mobile mobile 8"]);
    assert_eq!(found("customers", file(&["1.38E+10", "1.3e10"]), ""), ["refused digits_lost mobile 2"]);
    let several = ["13100000001/13100000002", "13100000001、13100000002", "13100000001\n13100000002"];
    assert_eq!(found("customers", file(&several), ""), ["refused several_numbers mobile 3"]);
    Work::with("mine.csv", file(&several)).bw8("check customers mine.csv").exits(3).says("several numbers in one cell");
    let restored = ["13100000001.0", "8613100000002", "１３１０００００００３", "1.3100000004E10", "+86 131 0000 0005"];
    assert_eq!(
        found("customers", file(&restored), ""),
        ["word half_width mobile 1", "word number_restored mobile 2", "word prefix_removed mobile 1"]
    );
    let records = stored(&file(&restored), "", 0, 5);
    let mobiles: Vec<&str> = records.iter().map(|record| record["mobile"].as_str().unwrap()).collect();
    assert_eq!(mobiles, ["13100000001", "13100000002", "13100000003", "13100000004", "13100000005"]);
    assert_eq!(found("customers", file(&restored), "--keep-raw"), ["refused kept_raw mobile 4"]);
}

#[test]
fn numbers_of_other_countries_need_a_plus_or_the_country() {
    let file = "姓名,手机,公司编号\n示例甲,+852 9000 0001,20001\n示例乙,90000002,20001\n";
    assert_eq!(found("customers", file, ""), ["refused not_a_mobile mobile 1"]);
    assert_eq!(found("customers", file, "--country HK"), [""; 0]);
    Work::with("mine.csv", file).bw8("check customers mine.csv --country XY").exits(2).says("--country");
}

#[test]
fn a_number_in_the_wrong_column_is_moved_when_the_other_is_empty() {
    let file = "姓名,手机,固定电话,公司编号\n\
        示例甲,010-00000001,,20001\n示例乙,,13100000002,20001\n示例丙,400-000-0003,010-00000003,20001\n";
    assert_eq!(
        found("customers", file, ""),
        ["word landline_in_mobile mobile 1", "word number_moved fixnumber 1", "word number_moved mobile 1"]
    );
    let records = stored(file, "", 0, 3);
    let numbers = |index: usize| (records[index]["mobile"].as_str(), records[index]["fixnumber"].as_str());
    assert_eq!(numbers(0), (None, Some("010-00000001")));
    assert_eq!(numbers(1), (Some("13100000002"), None));
    assert_eq!(numbers(2), (Some("400-000-0003"), Some("010-00000003")));
    let update = "联系人编号,手机,固定电话\n50001,010-00000001,\n";
    assert_eq!(found("customers", update, "--mode update"), ["word landline_in_mobile mobile 1"]);
}

#[test]
fn mobile_numbers_in_a_column_of_landlines_go_to_their_field_row_by_row() {
    let file =
        "姓名,固定电话,公司编号\n示例甲,13100000001,20001\n示例乙,010-00000001,20001\n示例丙,8613100000002.0,20001\n";
    let records = stored(file, "", 0, 3);
    let of = |name: &str| {
        records.iter().map(|record| record[name].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("mobile"), ["13100000001", "", "13100000002"]);
    assert_eq!(of("fixnumber"), ["", "010-00000001", ""]);
    let work = Work::with("mine.csv", file);
    work.bw8("check customers mine.csv --lang zh").exits(0).says("固定电话列中的手机号，已导入到手机字段");
    // Two rows of one number are one person, wherever it stands.
    let twice = "姓名,电话,公司编号\n示例甲,13100000001,20001\n示例乙,131 0000 0001,20001\n";
    assert_eq!(found("customers", twice, "")[0], "refused duplicate mobile 1");
    // Where nothing may be restored, and in records that are there, it stays and is said.
    let stays = ["word mobile_in_landline fixnumber 2"];
    assert_eq!(found("customers", file.replace("8613100000002.0", "13100000002"), "--keep-raw"), stays);
    let update = "联系人编号,固定电话\n50001,13100000001\n50002,010-00000001\n";
    assert_eq!(found("customers", update, "--mode update"), ["word mobile_in_landline fixnumber 1"]);
    let named = "姓名,Phone Number,公司编号\n示例甲,13100000001,20001\n";
    assert_eq!(found("customers", named, ""), ["word mobile_routed fixnumber 1"]);
}

#[test]
fn a_landline_without_its_zero_waits_and_is_sent_with_it() {
    let file = "姓名,固定电话,公司编号\n示例甲,75500000001,20001\n示例乙,010-00000002转8001,20001\n";
    assert_eq!(found("customers", file, ""), ["held zero_lost fixnumber 1"]);
    assert_eq!(stored(file, "--accept-warnings=zero_lost", 0, 2)[0]["fixnumber"], "075500000001");
}

#[test]
fn damage_in_texts_and_codes_is_held() {
    let file = "姓名,手机,公司编号,备注,职位,QQ号,标签\n\
        示例甲,13100000001,20001,1.10101E+17,6.21226E+18,,重要\n\
        示例乙,13100000002,20001,证件 1.10101E+17,5-Mar,3月5日,\"重要,1.1E+17\"\n\
        示例丙,13100000003,20001,110101199001010000,C++,12345、23456,锟斤拷\n\
        示例丁,13100000004,20001,110101199001011234,+86 也可以,１２３４５,三月五日\n";
    assert_eq!(
        found("customers", file, ""),
        [
            "held became_date QQ 1",
            "held became_date position 1",
            "held rounded_in_text note 1",
            "held scientific_in_text note 2",
            "held scientific_in_text position 1",
            "held scientific_in_text tableName 1",
            "held several_codes QQ 1",
            "refused characters_lost tableName 1",
            "word half_width QQ 1",
        ]
    );
}

#[test]
fn date_cells_and_number_cells_are_found_where_codes_and_lists_belong() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(["姓名", "手机", "公司编号", "QQ号", "职位", "标签", "备注"]) {
        sheet.write_string(0, column, title).unwrap();
    }
    let date = rust_xlsxwriter::Format::new().set_num_format("m/d/yyyy");
    for (row, mobile) in [(1, "13100000001"), (2, "13100000002"), (3, "13100000003")] {
        sheet.write_string(row, 0, "示例").unwrap();
        sheet.write_string(row, 1, mobile).unwrap();
        sheet.write_string(row, 2, "20001").unwrap();
    }
    for column in [3, 4, 5, 6] {
        sheet.write_number_with_format(1, column, 46_086.0, &date).unwrap();
    }
    sheet.write_number_with_format(2, 2, 50_001.0, &date).unwrap();
    sheet.write_number(3, 5, 101_102.0).unwrap();
    let work = Work::with("mine.xlsx", book.save_to_buffer().unwrap());
    assert_eq!(
        found_in(&work, "check customers mine.xlsx"),
        [
            "held date_cell_in_text position 1",
            "held date_cell_in_text tableName 1",
            "held number_in_list tableName 1",
            "refused date_cell QQ 1",
            "refused date_cell companyId 1",
            "word date_cell_in_text note 1",
        ]
    );
    work.bw8("check customers mine.xlsx").exits(3).says("would show 50001");
}

#[test]
fn several_addresses_and_ids_are_counted_and_addresses_made_plain() {
    let file = "姓名,手机,邮箱,公司编号\n\
        示例甲,13100000001,a@example.com；b@example.com,20001\n示例乙,13100000002,c＠example.com,\"20001,20002\"\n\
        示例丙,13100000003,d@example.com,20001.0\n";
    assert_eq!(
        found("customers", file, ""),
        [
            "refused several_addresses email 1",
            "refused several_ids companyId 1",
            "word half_width email 1",
            "word number_restored companyId 1",
        ]
    );
}

#[test]
fn day_and_month_are_swapped_by_nobody_but_the_user() {
    let file = "公司名称,服务开始日期,服务结束日期\n示例公司,03/04/2026,13/06/2026\n";
    let refused = ["refused ambiguous_date servicestarttime 1", "word date_order_proved serviceendtime 1"];
    let mut found_without = found("companies", file, "");
    found_without.sort_by_key(|found| !found.contains("start"));
    assert_eq!(found_without, refused);
    assert_eq!(found("companies", file, "--date-order mdy"), ["refused date_order serviceendtime 1"]);
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    work.on(&server, "import companies mine.csv --date-order dmy").exits(0);
    let record = server.records("companies").pop().unwrap();
    assert_eq!((&record["servicestarttime"], &record["serviceendtime"]), (&"2026-04-03".into(), &"2026-06-13".into()));
    let forms =
        "公司名称,服务开始日期,服务结束日期\n示例公司,5 Jan 2026,46027\n示例公司二,2026 年 1 月 5 日,2026年1月5日\n";
    assert_eq!(found("companies", forms, ""), ["held date_serial serviceendtime 1"]);
}

#[test]
fn a_choice_is_understood_by_its_beginning_and_said() {
    let file = "姓名,手机,公司编号,在职状态\n示例甲,13100000001,20001,在\n示例乙,13100000002,20001,emp\n示例丙,13100000003,20001,1.0\n示例丁,13100000004,20001,已经\n";
    // Each word is told with what it became.
    let understood = "word choice_understood state 1";
    let expected = ["refused not_a_choice state 1", understood, understood, understood];
    assert_eq!(found("customers", file, ""), expected);
}

#[test]
fn lists_may_stand_in_brackets_and_between_bars() {
    let file = "姓名,手机,公司编号,标签\n示例甲,13100000001,20001,[甲，乙]\n示例乙,13100000002,20001,甲|乙\n示例丙,13100000003,20001,\"[\"\"甲\"\", \"\"乙\"\"]\"\n";
    for record in stored(file, "", 0, 3) {
        assert_eq!(record["tableName"], "甲,乙");
    }
}

#[test]
fn rows_of_totals_and_instructions_wait_and_companies_of_such_names_do_not() {
    for row in ["合计,,300", "合 计：,,\"1,300.50\"", "Total,,300元", ",,300", "小计（元）,-,￥300", "Grand total,,"]
    {
        let file = format!("公司名称,地址,服务费余额\n示例一公司,甲路1号,100\n合计科技有限公司,乙路2号,200\n{row}\n");
        let findings = found("companies", &file, "");
        match row.starts_with(',') {
            true => assert_eq!(findings, ["refused required companyName 1"], "{row}"),
            false => {
                assert!(findings.iter().any(|found| found.contains("totals_row_by_words  1")), "{row}: {findings:?}");
            }
        }
    }
    for row in [
        "（必填，不超过50字）,（选填）,（选填）",
        "请填写公司全称,请填写地址,",
        "Required,Optional,Optional",
        "必填,示例：甲路1号,示例：无",
    ] {
        let file = format!("公司名称,地址,备注\n{row}\n示例一公司,甲路1号,无\n");
        assert_eq!(found("companies", &file, ""), ["held instruction_row  1"], "{row}");
    }
    let work = Work::with("mine.csv", "公司名称,地址,服务费余额\n示例一公司,甲路1号,100\n合计,,100\n");
    work.bw8("import companies mine.csv --sandbox").exits(3);
    assert_eq!(work.results().column("status"), ["created", "held"]);
    work.bw8("check companies mine.csv --lang zh").exits(3).says("像是合计行");
    let people = "姓名,手机,公司编号\n合计,13100000001,20001\nSum,13100000002,20001\n示例 张三,13100000003,20001\n";
    assert_eq!(found("customers", people, ""), ["held totals_row_by_words  1"]);
    // What could not be sent anyway says so beside.
    let people = "姓名,手机,公司编号\n必填,必填（11位）,必填\n示例,13100000003,20001\n";
    let findings = found("customers", people, "");
    assert!(findings.contains(&"refused instruction_row  1".to_owned()), "{findings:?}");
}

#[test]
fn samples_hold_nothing_that_looks_damaged() {
    for (entity, file) in [
        ("customers", "customers.xlsx"),
        ("companies", "companies.csv"),
        ("tickets", "tickets.xlsx"),
        ("bindings", "bindings.csv"),
        ("tags", "tags.csv"),
        ("customer-groups", "customer-groups.csv"),
    ] {
        let work = Work::sample(file);
        assert_eq!(found_in(&work, &format!("check {entity} {file}")), [""; 0], "{file}");
    }
}

#[test]
fn a_retry_reads_values_as_its_run_did() {
    let file = "公司名称,服务开始日期,服务费余额\n示例甲,03/04/2026,1\n示例乙,05/04/2026,没有\n";
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    work.on(&server, "import companies mine.csv --date-order dmy --run run").exits(3);
    let mut failed = work.table("run/failed.csv");
    work.write_table("run/failed.csv", failed.set(0, "服务费余额", "2"));
    work.on(&server, "retry run/failed.csv").exits(0);
    assert_eq!(server.records("companies").pop().unwrap()["servicestarttime"], "2026-04-05");
    // A mapping file says it as well, and what is typed goes before.
    work.write("map.toml", "date_order = \"mdy\"\n");
    assert_eq!(
        found("companies", "公司名称,服务开始日期\n示例甲,03/04/2026\n", ""),
        ["refused ambiguous_date servicestarttime 1"]
    );
    for (more, day) in [("", "2026-03-04"), (" --date-order dmy", "2026-04-03")] {
        let server = Server::start("");
        work.write("one.csv", "公司名称,服务开始日期\n示例丙,03/04/2026\n");
        work.on(&server, format!("import companies one.csv --mapping map.toml --other-account{more}")).exits(0);
        assert_eq!(server.records("companies").pop().unwrap()["servicestarttime"], day);
    }
}

#[test]
fn numbers_of_another_country_are_read_so_again() {
    let file = "姓名,手机,公司编号\n示例甲,51000001,20001\n示例乙,51000002,没有\n";
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    work.on(&server, "import customers mine.csv --country HK --run run").exits(3);
    let mut failed = work.table("run/failed.csv");
    work.write_table("run/failed.csv", failed.set(0, "公司编号", "20001"));
    work.on(&server, "retry run/failed.csv").exits(0);
    assert_eq!(server.count_by("customers", "mobile")["51000002"], 1);
}

#[test]
fn the_first_day_that_a_program_can_count_stands_for_none() {
    let rows = ["0001-01-01 00:00:00", "1900/1/1", "1899-12-30", "1753年1月1日"];
    let rows: String = rows.iter().enumerate().map(|(at, day)| format!("示例{at}公司,{day},2027-01-01\n")).collect();
    // The last day there is means that something has no end, and a person may be born on the others.
    let sound = "示例甲公司,1970-01-01,9999-12-31\n示例乙公司,1905-05-05,2027-01-01\n";
    let file = format!("公司名称,服务开始日期,服务结束日期\n{rows}{sound}");
    assert_eq!(found("companies", &file, ""), ["held null_word servicestarttime 4"]);
    let (work, server) = (Work::with("mine.csv", &file), Server::start(""));
    work.on(&server, "import companies mine.csv --accept-warnings=null_word").exits(0);
    let records = server.records("companies");
    let day = |name: &str| {
        let record = records.iter().find(|record| record["companyName"] == name).unwrap();
        record.get("servicestarttime").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    assert_eq!([day("示例0公司"), day("示例1公司"), day("示例甲公司")], ["", "", "1970-01-01"]);
}

#[test]
fn a_code_of_two_lines_waits_and_its_lines_are_counted() {
    let bindings = "联系人编号,第三方用户标识,绑定来源\n50002,\"示例甲\n示例乙\",开放平台\n";
    let work = Work::with("mine.csv", bindings);
    work.bw8("check bindings mine.csv --lang zh").exits(3).says("有 2 行，而这里应该只有一行");
    let work = Work::with("mine.csv", "标题,描述,联系人编号\n\"甲\r乙\",无,50001\n");
    work.bw8("check tickets mine.csv --lang zh").exits(3).says("有 2 行，而这里应该只有一行");
}
