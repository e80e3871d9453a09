//! Whose file it is: exports of other systems are known by their headers, and no key of theirs becomes an id of ours.

use crate::harness::*;

/// A file with one row, whose cells are filled where a header is named, by 7 where it is not.
fn file(header: &str, cells: &[(&str, &str)]) -> String {
    let cell = |title: &str| cells.iter().find(|(named, _)| *named == title).map_or("7", |(_, text)| *text).to_owned();
    let row: Vec<String> = header.split(',').map(cell).collect();
    format!("{header}\n{}\n", row.join(","))
}

const TICKET: &[(&str, &str)] = &[
    ("Subject", "示例 打印机"),
    ("Status", "open"),
    ("Priority", "low"),
    ("Type", "问题"),
    ("Ticket type", "问题"),
    ("Requester id", "50005"),
    ("ContactId", "50005"),
    ("Contact ID", "50005"),
    ("客户编号", "50005"),
    ("客户ID", "50005"),
    ("公司ID", "20005"),
    ("Requester email", "anna@example.com"),
];

#[test]
fn a_ticket_never_goes_to_whom_a_key_of_another_system_happens_to_name() {
    for header in [
        "Subject,Status,Requester id",
        "Subject,Status,REQUESTER_ID",
        "Subject,Status,Contact ID",
        "Id,Subject,ContactId",
        "Subject,客户编号,Requester external id",
        "Subject,客户ID,Account ID",
        "主题,请求人编号",
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        let mut cells = TICKET.to_vec();
        cells.extend([("REQUESTER_ID", "50005"), ("请求人编号", "50005"), ("主题", "示例")]);
        work.write("mine.csv", file(header, &cells));
        work.on(&server, "import tickets mine.csv").exits(3).says("id of another system");
        assert_rows(&work.summary(), "refused 1");
        assert_eq!(work.results().column("code"), ["old_id"], "{header}");
        assert_eq!((server.requests_to("tickets.create"), server.stored("tickets")), (0, 80), "{header}");
        work.bw8("check tickets mine.csv --lang zh").exits(3).says("旧系统编号，不作为帮我吧编号导入");
    }
}

#[test]
fn a_customer_never_goes_to_a_company_of_another_system() {
    for header in [
        "姓名,手机,organization_id",
        "姓名,手机,Account ID",
        "姓名,手机,公司ID,Record ID",
        "姓名,手机,公司编号,Contact ID",
        "姓名,手机,Company ID,Associated Company IDs",
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        let cells = [("姓名", "示例"), ("手机", "13100000001")];
        work.write("mine.csv", file(header, &cells).replace(",7", ",20005"));
        work.on(&server, "import customers mine.csv").exits(3).says("id of another system");
        assert_eq!(server.requests_to("customers.create"), 0, "{header}");
        work.on(&server, "import customers mine.csv --account-mode 2c --fresh --dry-run")
            .exits(0)
            .says("not taken for one of Bangwo8");
    }
}

#[test]
fn in_a_plain_file_an_id_is_what_its_header_says() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("customers.csv", "姓名,手机,公司ID\n示例,13100000001,20001\n");
    work.on(&server, "import customers customers.csv").exits(0).never_says("another system");
    work.write("tickets.csv", "标题,客户编号\n示例,50001\n");
    work.on(&server, "import tickets tickets.csv").exits(0).never_says("another system");
    work.write("tags.csv", "Record type,Record ID,Tags to add\ncustomer,50001,vip\n");
    work.on(&server, "import tags tags.csv").exits(0).never_says("another system");
}

#[test]
fn ids_of_ours_are_taken_from_a_column_that_says_so() {
    for header in [
        "Subject,Requester id,联系人编号",
        "Subject,Requester id,帮我吧联系人编号",
        "Subject,Bangwo8 Customer ID,客户编号,Contact ID",
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        let cells = [
            ("Subject", "示例"),
            ("联系人编号", "50001"),
            ("帮我吧联系人编号", "50001"),
            ("Bangwo8 Customer ID", "50001"),
            ("Requester id", "50005"),
            ("客户编号", "50005"),
        ];
        work.write("mine.csv", file(header, &cells));
        work.on(&server, "import tickets mine.csv").exits(0);
        assert_eq!(server.records("tickets").last().unwrap()["custUserId"], "50001", "{header}");
    }
}

#[test]
fn a_mapping_that_takes_such_a_key_for_an_id_of_ours_waits_for_consent() {
    let (work, server) = (Work::with("mine.csv", "Subject,Requester id\n示例,50005\n"), Server::start(""));
    for mapping in
        ["[columns]\n'Requester id' = 'custUserId'", "[templates]\ncustUserId = \"{{ columns['Requester id'] }}\""]
    {
        work.write("map.toml", mapping);
        work.on(&server, "import tickets mine.csv --mapping map.toml --fresh").exits(3).says("somebody else");
        assert_eq!(server.requests_to("tickets.create"), 0);
    }
    work.on(&server, "import tickets mine.csv --mapping map.toml --fresh --accept-warnings=old_id_mapped").exits(0);
    work.write("map.toml", "[constants]\ncustUserId = '50001'");
    work.on(&server, "import tickets mine.csv --mapping map.toml --fresh").exits(0);
    assert_eq!(server.records("tickets").last().unwrap()["custUserId"], "50001");
}

#[test]
fn an_update_never_changes_what_a_key_of_another_system_happens_to_name() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "Record ID,联系人ID,备注\n50001,50001,示例\n");
    work.on(&server, "import customers mine.csv --mode update").exits(3).says("id of another system");
    work.write("mine.csv", "Case Number,主题\n50001,示例\n");
    work.on(&server, "import tickets mine.csv --mode update").exits(3).says("id of another system");
    assert_eq!(server.requests_to("customers.update") + server.requests_to("tickets.update"), 0);
}
