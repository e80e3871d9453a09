//! What a person is asked in `decisions.xlsx`, and what becomes of the answers: they belong to what is seen, and may be changed.

use crate::harness::*;

const OTHERS: &str = "按其他列查找";

/// Answers questions of a run by the texts that are asked about.
#[track_caller]
fn answer(work: &Work, run: &str, answers: &[(&str, &str)]) {
    let file = format!("{run}/decisions.xlsx");
    let mut table = work.table(&file);
    for (text, answer) in answers {
        let row = table.column("in the file").iter().position(|told| told == text);
        table.set(row.unwrap_or_else(|| panic!("{text}: {table:?}")), "answer", answer);
    }
    work.write(&file, workbook(&[("to decide", &table)]));
}

/// Two people of another system who share a telephone, of whom the second could not be imported.
fn people(server: &Server) -> Work {
    let work = Work::with(
        "people.csv",
        "客户编号,姓名,手机,公司编号,公司名称\nC002,示例二,13100000002,,示例公司00001有限公司\nC003,示例三,139,,示例公司00001有限公司\n",
    );
    work.on(server, "import customers people.csv --source old --run people").exits(3);
    work
}

/// The customers of the tickets that a run made.
fn customers_of(work: &Work, server: &Server, run: &str) -> Vec<String> {
    work.on(server, "export tickets -o stored.csv --raw").exits(0);
    let stored = work.table("stored.csv");
    let (ids, customers) = (stored.column("Ticket ID"), stored.column("Customer ID"));
    let of = |id: &&str| ids.iter().position(|own| own == id).map(|at| customers[at].to_owned()).unwrap_or_default();
    work.table(format!("{run}/results.csv")).column("id").iter().map(of).collect()
}

#[test]
fn an_old_id_that_is_not_known_is_not_passed_over_for_a_telephone_or_a_name() {
    let server = Server::start("");
    let work = people(&server);
    let second = work.table("people/results.csv").column("id")[0].to_owned();
    for (run, clue, text) in [("phone", "客户手机", "13100000002"), ("name", "客户姓名", "示例二")] {
        work.write(
            "tickets.csv",
            format!("工单号,标题,客户编号,{clue}\n{run}1,示例一 {run},C002,{text}\n{run}2,示例二 {run},C003,{text}\n"),
        );
        let import = format!("import tickets tickets.csv --source old --run {run}");
        work.on(&server, &import).exits(5);
        assert_rows(&work.summary_of(run), "created 1, pending 1");
        let asked = work.table(format!("{run}/decisions.xlsx"));
        assert_eq!(asked.column("in the file"), [format!("C003 · {text}")]);
        assert_eq!(asked.column("why"), ["a record with this id of old was never imported (Customers)"]);
        assert!(asked.column("candidates in the account")[0].starts_with(&second), "{asked:?}");
        // Somebody has to say that it is this one.
        answer(&work, run, &[(&format!("C003 · {text}"), &second)]);
        work.on(&server, &import).exits(0);
        assert_eq!(customers_of(&work, &server, run), [&*second, &*second]);
    }
    // A row without an old id says no such thing, and zeros are how other systems say "none".
    work.write("none.csv", "工单号,标题,客户编号,客户手机\nN1,示例 甲,,13100000002\nN2,示例 乙,0,13100000002\n");
    work.on(&server, "import tickets none.csv --source old --run none").exits(0);
    assert_eq!(customers_of(&work, &server, "none"), [&*second, &*second]);
}

#[test]
fn a_company_that_was_not_imported_is_not_another_one_of_its_name() {
    let server = Server::start("");
    let work = Work::with("companies.csv", "来源记录号,公司名称\nG2,示例新公司\n");
    work.on(&server, "import companies companies.csv --source old").exits(0);
    work.write("people.csv", "客户编号,姓名,手机,公司旧系统编号,公司名称\nK4,示例四,13100000004,G9,示例新公司\n");
    work.on(&server, "import customers people.csv --source old --run run").exits(5);
    assert_eq!(work.table("run/decisions.xlsx").column("in the file"), ["G9 · 示例新公司"]);
    // What is imported meanwhile is known.
    work.write("more.csv", "来源记录号,公司名称\nG9,示例另一公司\n");
    work.on(&server, "import companies more.csv --source old").exits(0);
    work.write("people.csv", "客户编号,姓名,手机,公司旧系统编号\nK4,示例四,13100000004,G9\n");
    work.on(&server, "import customers people.csv --source old --run run").exits(0);
}

#[test]
fn of_a_system_of_which_nothing_is_known_one_question_is_asked_for_the_whole_column() {
    let server = Server::start("");
    let rows =
        "工单号,标题,客户编号,客户手机\nT1,示例一,C1,13000000001\nT2,示例二,C2,13000000002\nT3,示例三,C3,13000000003\n";
    let work = Work::with("mine.csv", rows);
    let import = "import tickets mine.csv --source old --run run";
    let ran = work.on(&server, import);
    ran.exits(5).says("3 rows wait for decisions: 1 text");
    let asked = work.table("run/decisions.xlsx");
    assert_eq!((asked.column("in the file"), asked.column("rows")), (vec!["old"], vec!["3"]));
    assert!(asked.column("why")[0].starts_with("no id of old is known here at all (Customers)"), "{asked:?}");
    answer(&work, "run", &[("old", "50001")]);
    work.on(&server, import).exits(2).says("cell F2: this is about the whole column");
    answer(&work, "run", &[("old", OTHERS)]);
    work.on(&server, import).exits(0).says("no id of old is known here; the records are found by the other columns");
    assert_eq!(customers_of(&work, &server, "run"), ["50001", "50002", "50003"]);
    // What says nothing else is asked about one by one; the answer serves the next file.
    work.write("next.csv", "工单号,标题,客户编号,客户手机\nT4,示例四,C4,13000000004\nT5,示例五,C5,\n");
    work.on(&server, "import tickets next.csv --source old --run next --decisions run/decisions.xlsx").exits(5);
    assert_rows(&work.summary_of("next"), "created 1, pending 1");
    let asked = work.table("next/decisions.xlsx");
    assert_eq!(asked.column("in the file"), ["C5"]);
    answer(&work, "next", &[("C5", OTHERS)]);
    work.on(&server, "import tickets next.csv --source old --run next")
        .exits(2)
        .says("answers a question about a whole column");
}

#[test]
fn an_answer_belongs_to_the_text_beside_it_however_the_rows_were_sorted() {
    let server = Server::start("");
    let people = "姓名,手机,公司名称\n示例一,13100000001,示例甲方公司\n示例二,13100000002,示例乙方公司\n";
    let work = Work::with("mine.csv", people);
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    answer(&work, "run", &[("示例甲方公司", "20002"), ("示例乙方公司", "20003")]);
    // A person sorts the columns that are shown; the hidden one stays where it was.
    let mut table = work.table("run/decisions.xlsx");
    let hidden = table.column("bw8_key").iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    table.rows[1..].reverse();
    for (row, key) in hidden.iter().enumerate() {
        table.set(row, "bw8_key", key);
    }
    work.write("run/decisions.xlsx", workbook(&[("to decide", &table)]));
    work.on(&server, import).exits(0);
    work.on(&server, "export customers -o stored.csv --raw").exits(0);
    let stored = work.table("stored.csv");
    let company_of = |name: &str| {
        let row = stored.column("Name").iter().position(|stored| *stored == name).unwrap();
        stored.column("Company ID")[row].to_owned()
    };
    assert_eq!([company_of("示例一"), company_of("示例二")], ["20002", "20003"]);
}

#[test]
fn an_answer_beside_a_text_that_nobody_asked_about_is_refused_by_its_row() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司名称\n示例一,13100000001,示例甲方公司\n示例二,13100000002,示例乙方公司\n",
    );
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    answer(&work, "run", &[("示例乙方公司", "20003")]);
    let mut table = work.table("run/decisions.xlsx");
    let written = table.clone();
    work.write("run/decisions.xlsx", workbook(&[("to decide", table.set(1, "in the file", "示例丙方公司"))]));
    work.on(&server, import).exits(2).says("row 3").says("示例丙方公司");
    // The text tells what an answer is about whose key is gone, and spaces and lines make no difference.
    let mut table = written;
    table.set(0, "bw8_key", "").set(0, "answer", "20002").set(0, "in the file", " 示例甲方公司\n");
    let key = table.column("bw8_key")[1].to_owned();
    work.write("run/decisions.xlsx", workbook(&[("to decide", &table)]));
    work.on(&server, import).exits(2).says("G2");
    // A workbook of an earlier version has keys alone.
    table.set(1, "bw8_key", key.split('-').next().unwrap()).set(0, "answer", "");
    work.write("run/decisions.xlsx", workbook(&[("to decide", &table)]));
    work.on(&server, import).exits(5);
    assert_rows(&work.summary_of("run"), "created 1, pending 1");
}

#[test]
fn who_decided_not_to_send_may_change_that_mind() {
    let server = Server::start("");
    let people = "姓名,手机,公司名称\n示例一,13100000001,示例甲方公司\n示例二,13100000002,示例乙方公司\n";
    let work = Work::with("mine.csv", people);
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    answer(&work, "run", &[("示例甲方公司", "refuse")]);
    work.on(&server, import).exits(5);
    // What was answered stays in the workbook, behind what is asked.
    let asked = work.table("run/decisions.xlsx");
    assert_eq!(asked.column("in the file"), ["示例乙方公司", "示例甲方公司"]);
    assert_eq!(asked.column("answer"), ["", "refuse"]);
    answer(&work, "run", &[("示例甲方公司", "20002")]);
    work.on(&server, import).exits(5);
    assert_rows(&work.summary_of("run"), "created 1, pending 1");
    answer(&work, "run", &[("示例乙方公司", "refuse")]);
    work.on(&server, import).exits(3);
    // The run is over, and nothing is changed: nothing is done.
    work.on(&server, import).exits(3).says("this was done before");
    answer(&work, "run", &[("示例乙方公司", "create")]);
    work.on(&server, import).exits(0);
    assert_rows(&work.summary_of("run"), "created 2");
    assert_eq!(server.requests_to("customers.create"), 2);
    work.on(&server, import).exits(0).says("this was done before");
}

/// What was sent by the first answer stays; that is said, and a dry run knows the answers that lie in the run's folder.
#[test]
fn an_answer_that_is_changed_after_rows_were_sent_counts_for_the_others() {
    let server = Server::start("");
    let row = |number: u64| format!("示例{number},1310000000{number},示例甲方公司\n");
    let work = Work::with("mine.csv", format!("姓名,手机,公司名称\n{}", [1, 2, 3].map(row).concat()));
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    answer(&work, "run", &[("示例甲方公司", "20002")]);
    work.on(&server, format!("{import} --dry-run")).exits(0).says("3 customers would be created");
    work.on(&server, format!("{import} --limit 1")).exits(0).never_says("was changed");
    answer(&work, "run", &[("示例甲方公司", "20003")]);
    work.on(&server, format!("{import} --dry-run")).exits(0).says("2 customers would be created").says("20003");
    let ran = work.on(&server, format!("{import} --expect 2"));
    ran.exits(0).says("1 row of this run was sent before the mapping or an answer was changed");
    assert_rows(&work.summary_of("run"), "created 3");
    let companies = |company: &str| {
        let is_ours = |record: &&serde_json::Map<String, serde_json::Value>| {
            record["companyId"] == company && record["mobile"].as_str().unwrap().starts_with("131")
        };
        server.records("customers").iter().filter(is_ours).count()
    };
    assert_eq!(["20002", "20003"].map(companies), [1, 2]);
    // The first record has not got what the later answer says: an update gives it that.
    let id = work.table("run/results.csv").column("id")[0].to_owned();
    work.write("rest.csv", format!("联系人编号,公司编号\n{id},20003\n"));
    work.on(&server, "import customers rest.csv --mode update").exits(0);
    assert_eq!(["20002", "20003"].map(companies), [0, 3]);
}

#[test]
fn a_changed_mind_in_another_file_counts_as_well() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,手机,公司名称\n示例一,13100000001,示例甲方公司\n");
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    answer(&work, "run", &[("示例甲方公司", "不导入")]);
    work.on(&server, import).exits(3);
    let mut table = work.table("run/decisions.xlsx");
    work.write("other.xlsx", workbook(&[("to decide", table.set(0, "answer", "20002"))]));
    work.on(&server, "import customers mine.csv --run run --decisions other.xlsx").exits(0);
    assert_rows(&work.summary_of("run"), "created 1");
}

#[test]
fn each_name_of_a_list_is_asked_about_for_itself() {
    let server = Server::start("");
    let rows = "标题,描述,客户手机,抄送客服\n示例一,一,13000000001,\"示例客服02,示例离职的人\"\n\
                示例二,二,13000000001,示例离职的人\n示例三,三,13000000001,示例客服03\n";
    let work = Work::with("mine.csv", rows);
    let import = "import tickets mine.csv --run run";
    work.on(&server, import).exits(5);
    assert_rows(&work.summary_of("run"), "created 1, pending 2");
    let asked = work.table("run/decisions.xlsx");
    assert_eq!((asked.column("in the file"), asked.column("rows")), (vec!["示例离职的人"], vec!["2"]));
    answer(&work, "run", &[("示例离职的人", "7004")]);
    work.on(&server, import).exits(0);
    let copied = |run: &str| {
        work.on(&server, "export tickets -o stored.csv --raw").exits(0);
        let stored = work.table("stored.csv");
        let ids: Vec<String> =
            work.table(format!("{run}/results.csv")).column("id").iter().map(|id| (*id).to_owned()).collect();
        let of = |id: &String| {
            let row = stored.column("Ticket ID").iter().position(|own| own == id).unwrap();
            stored.column("Copied agent IDs")[row].to_owned()
        };
        ids.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(copied("run"), ["7002,7004", "7004", "7003"]);
    // Decided beforehand, the others of the list stay.
    work.write("next.csv", rows.replace("示例一", "示例四").replace("示例二", "示例五").replace("示例三", "示例六"));
    work.on(&server, "import tickets next.csv --run next --missing 抄送客服=blank").exits(0);
    assert_eq!(copied("next"), ["7002", "", "7003"]);
}

#[test]
fn a_company_that_a_run_has_made_is_there_whatever_a_slow_list_says() {
    let server = Server::variant(&["list-delay=600000"]);
    let work = Work::with("companies.csv", "公司名称\n示例甲方公司\n");
    work.on(&server, "import companies companies.csv").exits(0);
    work.write("mine.csv", "姓名,手机,公司名称\n示例一,13100000001,示例甲方公司\n示例二,13100000002,示例乙方公司\n");
    work.on(&server, "import customers mine.csv --missing 公司名称=create --run run").exits(0);
    assert_rows(&work.summary_of("run"), "created 2");
    assert_eq!(server.requests_to("companies.create"), 2);
}

#[test]
fn the_first_change_of_an_upsert_is_shown_with_the_names_of_what_it_refers_to() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,手机,公司名称\n示例联系人00001,13000000001,示例公司00002有限公司\n");
    let ran = work.on(&server, "import customers mine.csv --mode upsert");
    ran.exits(0).says("Company ID: 20002 (示例公司00002有限公司)");
}

#[test]
fn the_workbook_says_what_to_do_and_hides_no_candidate() {
    let server = Server::start("");
    let people: Vec<String> = (1..=4).map(|number| format!("示例一,1310000000{number},20001\n")).collect();
    let work = Work::with("people.csv", format!("姓名,手机,公司编号\n{}", people.concat()));
    work.on(&server, "import customers people.csv --accept-warnings=likely_double").exits(0);
    work.write("mine.csv", "标题,联系人\n示例单,示例一\n示例单二,示例无此人\n");
    work.on(&server, "import tickets mine.csv --run run --lang zh").exits(5);
    let file = work.path("run/decisions.xlsx");
    let sheet = part_of(&file, "xl/worksheets/sheet1.xml");
    let rows: Vec<&str> = sheet.split("<row r=\"").filter(|row| row.starts_with(['2', '3'])).collect();
    // Four lines of 16 points, in whole pixels.
    assert!(rows.iter().any(|row| row.split('>').next().unwrap().contains("ht=\"63.75\"")), "{sheet}");
    assert!(sheet.contains("<autoFilter ref=\"A1:G3\""), "{sheet}");
    // The id of a record that is no candidate may be typed without being asked whether it is meant.
    assert!(!sheet.contains("showErrorMessage"), "{sheet}");
    let sheets = all_sheets(&file);
    assert_eq!(sheets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["待决定", "填写说明"]);
    let mut table = sheets[0].1.clone();
    for (row, id) in [(0, "50001"), (1, "50002")] {
        table.set(row, "处理", id);
    }
    work.write("run/decisions.xlsx", workbook(&[("待决定", &table), ("填写说明", &sheets[1].1)]));
    work.on(&server, "import tickets mine.csv --run run").exits(0);
}

#[test]
fn an_id_that_was_counted_up_under_another_name_is_no_answer() {
    let server = Server::start("");
    let work =
        Work::with("mine.csv", "姓名,手机,公司\n示例一,13100000001,示例甲方公司\n示例二,13100000002,示例乙方公司\n");
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    let name =
        server.records("companies").iter().find(|company| company["uId"] == "20002").unwrap()["companyName"].clone();
    let name = name.as_str().unwrap();
    // As a spreadsheet program fills cells downwards.
    answer(&work, "run", &[("示例甲方公司", &format!("20002 {name}")), ("示例乙方公司", &format!("20003 {name}"))]);
    work.on(&server, import).exits(2).says("cell F3").says("the record with the ID 20003 is called");
    assert_eq!(server.count_by("customers", "mobile").get("13100000001"), None);
    answer(&work, "run", &[("示例乙方公司", "２０００３")]);
    work.on(&server, import).exits(0);
    let companies = |id: &str| {
        server
            .records("customers")
            .iter()
            .filter(|one| one["companyId"] == id && one["mobile"].as_str().unwrap().starts_with("131"))
            .count()
    };
    assert_eq!(["20002", "20003"].map(companies), [1, 1]);
}

/// Gives two companies of the account one name.
fn two_of_one_name(server: &Server) -> [&'static str; 2] {
    let same = ["20003", "20004"];
    for id in same {
        server.change(&format!("companies/{id}"), r#"{"company":{"companyName":"示例同名公司"}}"#);
    }
    same
}

/// What a person decided is not what the account has come to make of the text meanwhile.
#[test]
fn a_decision_stands_while_the_account_changes() {
    // Of two of one name one was chosen, and is deleted; the other one is not meant.
    let (work, server) = (Work::new(), Server::start(""));
    let same = two_of_one_name(&server);
    work.write("mine.csv", "姓名,手机,公司名称\n示例一,13100000001,示例同名公司\n示例二,13100000002,示例丙方公司\n");
    work.on(&server, "import customers mine.csv --run run").exits(5);
    answer(&work, "run", &[("示例同名公司", same[1])]);
    server.change(&format!("companies/{}", same[1]), r#"{"company":{"status":"2"}}"#);
    work.on(&server, "import customers mine.csv --run run")
        .exits(2)
        .says(&format!("no Companies with the ID {}", same[1]));
    assert_eq!(server.requests_to("customers.create"), 0);
    // One that was not there was said to be another one, and a record of that name came to be.
    answer(&work, "run", &[("示例同名公司", same[0]), ("示例丙方公司", "20002")]);
    work.write("more.csv", "公司名称\n示例丙方公司\n");
    work.on(&server, "import companies more.csv").exits(0);
    work.on(&server, "import customers mine.csv --run run").exits(0);
    let company = |mobile: &str| {
        let records = server.records("customers");
        records.iter().find(|record| record["mobile"] == mobile).map(|record| record["companyId"].clone()).unwrap()
    };
    assert_eq!((company("13100000001"), company("13100000002")), (same[0].into(), "20002".into()));
}

/// A record that a run has taken a text for as a person said, and that is gone, is asked for once more.
#[test]
fn a_record_that_was_decided_on_and_is_gone_is_asked_for_again() {
    let (work, server) = (Work::new(), Server::start(""));
    let same = two_of_one_name(&server);
    work.write("mine.csv", "姓名,手机,公司名称\n示例一,13100000001,示例同名公司\n示例二,13100000002,示例同名公司\n");
    work.on(&server, "import customers mine.csv --run run").exits(5);
    answer(&work, "run", &[("示例同名公司", same[1])]);
    work.on(&server, "import customers mine.csv --run run --limit 1").exits(0);
    server.change(&format!("companies/{}", same[1]), r#"{"company":{"status":"2"}}"#);
    std::fs::remove_file(work.path("run/decisions.xlsx")).unwrap();
    work.on(&server, "import customers mine.csv --run run").exits(5);
    assert_rows(&work.summary_of("run"), "created 1, pending 1");
    let asked = work.table("run/decisions.xlsx");
    assert!(asked.column("why")[0].contains("is not there any more"), "{asked:?}");
    assert!(asked.column("candidates in the account")[0].starts_with(same[0]), "{asked:?}");
    answer(&work, "run", &[("示例同名公司", same[0])]);
    work.on(&server, "import customers mine.csv --run run").exits(0);
    assert_rows(&work.summary_of("run"), "created 2");
}
