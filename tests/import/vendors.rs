//! Whose file it is: exports of other systems are known by their headers, and no key of theirs becomes an id of ours.

use std::collections::HashMap;

use serde::Deserialize;

use crate::harness::*;

/// What the program knows of other systems, as far as it is looked at here.
#[derive(Deserialize)]
struct Vendors {
    exports: Vec<Export>,
}

/// An export of another system, and the mapping that is shipped for it.
#[derive(Deserialize)]
struct Export {
    name: String,
    entity: String,
    header: Vec<String>,
}

fn exports() -> Vec<Export> {
    let text = include_str!("../../src/mapping/vendors.toml");
    toml::from_str::<Vendors>(text).unwrap().exports
}

/// Header rows as other systems write them.
const HEADERS: &[(&str, &str, &str)] = &[
    (
        "zendesk-tickets",
        "tickets",
        "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,Due date,Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,Reopens,Replies,First reply time in minutes,First reply time in minutes within business hours,First resolution time in minutes,First resolution time in minutes within business hours,Full resolution time in minutes,Full resolution time in minutes within business hours,Agent wait time in minutes,Agent wait time in minutes within business hours,Requester wait time in minutes,Requester wait time in minutes within business hours,On hold time in minutes,On hold time in minutes within business hours",
    ),
    ("zendesk-users", "customers", "name,email,external_id,details,notes,phone,role,restriction,organization,tags"),
    ("zendesk-organizations", "companies", "name,external_id,notes,details,default,shared,shared_comments,group,tags"),
    (
        "freshdesk-tickets",
        "tickets",
        "Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,Closed time,Last update time,Initial response time,Time tracked,First response time (in hrs),Resolution time (in hrs),Agent interactions,Customer interactions,Resolution status,First response status,Tags,Survey results,Association type,Product,Full name,Title,Email,Work phone,Mobile phone,Contact ID",
    ),
    // With fields that somebody chose.
    (
        "freshdesk-tickets",
        "tickets",
        "Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,Closed time,Last update time,Tags,Full name,Email,Contact ID",
    ),
    (
        "freshdesk-contacts",
        "customers",
        "Full name,Title,Email,Work phone,Mobile phone,Twitter,Unique external ID,Company,Address,Timezone,Language,Tags,About,Contact ID",
    ),
    (
        "hubspot-contacts",
        "customers",
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Marketing contact status,Create Date,Last Activity Date,Original Source,Original Source Drill-Down 1,Original Source Drill-Down 2,Lifecycle Stage,Country/Region,City,Associated Note IDs",
    ),
    (
        "hubspot-contacts",
        "customers",
        "Record ID,First Name,Last Name,Mobile Phone Number,Work email,Phone Number,Contact owner,State/Region,Country/Region,Website URL,Job Title,Integration Status,Email,Associated Company,Associated Company IDs",
    ),
    (
        "hubspot-companies",
        "companies",
        "Record ID,Company name,Company Domain Name,Company owner,Website URL,Phone Number,Industry,Number of Employees,Annual Revenue,Associated Contact IDs,Associated Deal IDs",
    ),
    (
        "hubspot-tickets",
        "tickets",
        "Record ID,Ticket name,Pipeline,Ticket status,Ticket owner,Create date,Close date,First contact resolution,\"Date entered \"\"New (Support Pipeline)\"\"\",Associated Contact IDs",
    ),
    (
        "salesforce-contacts",
        "customers",
        "Id,IsDeleted,MasterRecordId,AccountId,LastName,FirstName,Salutation,Name,OtherStreet,OtherCity,MailingStreet,MailingCity,Phone,Fax,MobilePhone,HomePhone,ReportsToId,Email,Title,Department,OwnerId,CreatedDate,CreatedById,SystemModstamp",
    ),
    (
        "salesforce-contacts",
        "customers",
        "ID,ISDELETED,MASTERRECORDID,ACCOUNTID,LASTNAME,FIRSTNAME,SALUTATION,OTHERSTREET,MAILINGSTREET,PHONE,MOBILEPHONE,EMAIL,OWNERID",
    ),
    (
        "salesforce-contacts",
        "customers",
        "Full Name,Contact ID,Deleted,Master Record ID,Account ID,Last Name,First Name,Salutation,Other Street,Other City,Phone",
    ),
    (
        "salesforce-accounts",
        "companies",
        "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,BillingState,ShippingStreet,Phone,Fax,AccountNumber,Website,Industry,AnnualRevenue,NumberOfEmployees,TickerSymbol,Description,OwnerId,SicDesc",
    ),
    (
        "salesforce-accounts",
        "companies",
        "Account Name,Account ID,Deleted,Master Record ID,Account Type,Parent Account ID,Billing Street,Billing City,Billing State/Province,Billing Zip/Postal Code",
    ),
    (
        "salesforce-cases",
        "tickets",
        "Id,CaseNumber,ContactId,AccountId,AssetId,ParentId,SuppliedName,SuppliedEmail,SuppliedPhone,SuppliedCompany,Type,Status,Reason,Origin,Subject,Priority,Description,OwnerId,CreatedById,LastModifiedById,ContactPhone,ContactMobile,ContactEmail,ContactFax",
    ),
    (
        "salesforce-cases",
        "tickets",
        "Case Number,Contact Name,Subject,Status,Priority,Date/Time Opened,Case Owner Alias",
    ),
    (
        "udesk-customers",
        "customers",
        "nick_name,email,cellphones,other_emails,description,organization_id,owner_id,owner_group_id,level,tags,SelectField_1,TextField_2",
    ),
    ("udesk-customers", "customers", "昵称,邮箱,手机号,其他邮箱,描述,公司ID,负责客服id,负责组id,等级,标签"),
    (
        "udesk-tickets",
        "tickets",
        "subject,content,type,type_content,priority,assignee_email,agent_group_name,template_id,follower_ids,tags,status_id,ticket_field,creator_email",
    ),
    (
        "udesk-tickets",
        "tickets",
        "标题,内容,客户编号,优先级,受理客服邮箱,受理客服组名称,工单模板id,工单关注人,工单标签,工单创建人邮箱",
    ),
];

/// Texts that fit the columns which are sent; all others have a number that would be an id of ours.
fn sample(title: &str) -> &'static str {
    let title = title.to_lowercase().replace([' ', '_'], "");
    match title.as_str() {
        "websiteurl" | "website" | "companydomainname" => "www.example.com",
        "status" | "ticketstatus" | "priority" | "优先级" | "优先级中文名称" | "工单状态" | "isdeleted" | "deleted" => {
            ""
        }
        "type" | "tickettype" => "",
        "email" | "workemail" | "requesteremail" | "邮箱" => "anna@example.com",
        "phone" | "workphone" | "phonenumber" | "businessphone" => "010-00000000",
        "cellphones" | "mobilephone" | "mobilephonenumber" | "手机号" => "13000000001",
        _ => "50005",
    }
}

fn csv(header: &[String]) -> Vec<u8> {
    let titles: Vec<&str> = header.iter().map(String::as_str).collect();
    let cells: Vec<&str> = titles.iter().map(|title| sample(title)).collect();
    let mut table = Table::of(&titles);
    table.push(&cells);
    table.to_csv()
}

fn ids() -> HashMap<&'static str, &'static [&'static str]> {
    let tickets: &[&str] = &["ticketId", "custUserId", "servicerUserId", "servicerGroupId", "ticketTemplateId"];
    let customers: &[&str] = &["cId", "companyId", "createrId", "userGroup"];
    let companies: &[&str] = &["uId", "userGroup", "service_groupid"];
    HashMap::from([("tickets", tickets), ("customers", customers), ("companies", companies)])
}

/// No column feeds an id of ours, and none is forgotten.
#[track_caller]
fn assert_no_ids(mapping: &serde_json::Value, entity: &str, columns: usize) {
    let list = |name: &str| mapping[name].as_array().unwrap().clone();
    for matched in list("matched") {
        assert!(!ids()[entity].iter().any(|id| matched["field"] == *id), "{matched}");
    }
    let from_columns = list("matched").iter().filter(|matched| !matched["column"].is_null()).count();
    assert_eq!(from_columns + list("unmatched").len() + list("not_sent").len(), columns, "{mapping:#}");
}

#[test]
fn exports_of_other_systems_are_known_and_nothing_of_them_becomes_an_id_of_ours() {
    for (name, entity, header) in HEADERS {
        let header: Vec<String> = Table::of_csv(&format!("{header}\n")).rows.swap_remove(0);
        let work = Work::with("mine.csv", csv(&header));
        let (columns, seen) = (header.len(), &format!("--mapping {name}"));
        let ran = work.bw8(format!("check {entity} mine.csv --account-mode 2b"));
        // What is required may be missing altogether, and two columns may mean one field: that is said beside it.
        ran.exits_with_one_of(&[0, 2, 3]);
        ran.says(seen).says(&format!("{columns} of {columns} columns"));
        let ran = work.bw8(format!("import {entity} mine.csv --sandbox --dry-run --lang zh"));
        ran.exits_with_one_of(&[0, 2, 3]);
        ran.says(&format!("{columns} 列中 {columns} 列符合")).says("看起来是");
        for mapping in ["", &format!("--mapping {name}")] {
            let ran = work.bw8(format!("check {entity} mine.csv --format json --account-mode 2c {mapping}"));
            if ran.exits_with_one_of(&[0, 2, 3]) != 2 {
                let said = ran.json();
                assert_eq!(said["mapping"]["recognised"]["name"], *name);
                assert_no_ids(&said["mapping"], entity, columns);
            }
        }
    }
}

#[test]
fn a_shipped_mapping_says_of_every_column_what_becomes_of_it() {
    for export in exports() {
        let work = Work::with("mine.csv", csv(&export.header));
        let typed =
            format!("check {} mine.csv --format json --account-mode 2c --mapping {}", export.entity, export.name);
        let ran = work.bw8(typed);
        ran.exits_with_one_of(&[0, 3]);
        let said = ran.json();
        assert_eq!(said["mapping"]["unmatched"], serde_json::json!([]), "{}", export.name);
        assert_no_ids(&said["mapping"], &export.entity, export.header.len());
        let codes: Vec<&str> =
            said["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
        // All cells hold the same number, which is no city.
        let is_expected = |code: &&str| matches!(*code, "old_id" | "required" | "unlike_its_column");
        assert!(codes.iter().all(is_expected), "{}: {codes:?}", export.name);
        let said_nothing_else = work.bw8(format!("check {} mine.csv --mapping {}", export.entity, export.name));
        said_nothing_else.exits_with_one_of(&[0, 2, 3]);
        said_nothing_else.never_says("decides all of its columns");
    }
}

#[test]
fn a_mapping_that_is_not_there_names_those_that_are_shipped() {
    let work = Work::with("mine.csv", "Subject,Requester id\n示例,50005\n");
    work.bw8("check tickets mine.csv --mapping zendesk").exits(2).says("zendesk-tickets").says("udesk-customers");
    work.bw8("check customers mine.csv --mapping zendesk-tickets").exits(2).says("import tickets");
}

#[test]
fn a_shipped_mapping_is_kept_for_the_retry() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = "Incident A,Open,Incident,50001\n示例,Hold,Question,\n";
    work.write("mine.csv", format!("Subject,Status,Ticket type,帮我吧联系人编号\n{rows}"));
    work.on(&server, "import tickets mine.csv --mapping zendesk-tickets").exits(3);
    assert_eq!(work.results().column("status"), ["created", "held"]);
    assert_eq!(server.records("tickets").last().unwrap()["ticketType"], "3");
    let file = work.run_folder().join("failed.csv");
    let mut table = Table::read(&file);
    table.set(0, "帮我吧联系人编号", "50002");
    std::fs::write(&file, table.to_csv()).unwrap();
    work.on(&server, ["retry", file.to_str().unwrap()]).exits(0);
    let record = server.records("tickets").pop().unwrap();
    assert_eq!((&record["custUserId"], &record["ticketStatus"]), (&"50002".into(), &"3".into()));
}

#[test]
fn two_columns_of_a_name_become_one() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = "Anna,Example,13100000001,20001\n小明,示例,13100000002,20001\n,示例,13100000003,20001\n";
    work.write("mine.csv", format!("First Name,Last Name,手机,公司编号\n{rows}"));
    work.on(&server, "import customers mine.csv --concurrency 1").exits(0).says("First Name + Last Name → Name");
    let names: Vec<_> = server.records("customers").iter().rev().take(3).map(|record| record["name"].clone()).collect();
    assert_eq!(names, ["示例", "示例小明", "Anna Example"]);
    work.write("mine.csv", "姓,名,手机,公司编号\n示例,小红,13100000004,20001\n");
    work.on(&server, "import customers mine.csv --lang zh").exits(0).says("名 + 姓 → 姓名");
    assert_eq!(server.records("customers").last().unwrap()["name"], "示例小红");
    work.write("mine.csv", "姓,名,姓名,手机,公司编号\n甲,乙,示例丙,13100000005,20001\n");
    work.on(&server, "import customers mine.csv").exits(0).says("another column gives this field");
    assert_eq!(server.records("customers").last().unwrap()["name"], "示例丙");
}

#[test]
fn what_a_loader_says_of_a_row_is_no_part_of_it() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "ID,Subject,联系人编号,sf__Error,失败原因,STATUS\n003,示例,50001,x,x,Item Created\n");
    work.on(&server, "import tickets mine.csv --strict").exits(0).says("result of an earlier import");
    assert_eq!(server.records("tickets").last().unwrap()["subject"], "示例");
}

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
fn a_number_of_a_customer_in_a_file_of_another_system_is_said_to_be_its_own() {
    let work = Work::with("mine.csv", "姓名,手机,客户编号,Account ID\n示例,13100000001,50005,20005\n");
    let ran = work.bw8("check customers mine.csv --account-mode 2c --lang zh");
    ran.exits(0).says("客户编号：不导入：旧系统编号").says("Account ID：不导入：旧系统编号");
}

#[test]
fn a_file_of_our_own_template_is_named() {
    let work = Work::new();
    work.bw8("template tickets -o t.xlsx").exits(0);
    work.write("mine.csv", file(&work.table("t.xlsx").header().join(","), &[]));
    let ran = work.bw8("check tickets mine.csv --lang zh");
    ran.exits(3).says("看起来是 bw8 的模板").never_says("--mapping");
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

#[test]
fn tags_of_a_zendesk_export_are_parted_at_spaces() {
    let work = Work::with("mine.csv", "Id,Subject,Tags,Requester id\n1,示例 1,vip urgent,\n");
    let ran = work.bw8("check tickets mine.csv --mapping zendesk-tickets --format json");
    ran.exits_with_one_of(&[0, 3]);
    assert!(ran.stdout().contains("split"), "{ran}");
}

#[test]
fn a_first_name_alone_is_the_name() {
    for heading in ["First Name", "Last Name"] {
        let work = Work::with("mine.csv", format!("{heading},手机,公司编号\n示例甲,13100000001,20001\n"));
        work.bw8("import customers mine.csv --sandbox").exits(0);
        work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
        assert!(work.read("all.csv").contains("示例甲"), "{heading}");
    }
}

#[test]
fn a_shipped_mapping_keeps_ids_apart_in_a_file_that_does_not_look_like_the_export_it_is_for() {
    // The company exists here under the same number.
    let file = "姓名,手机号,邮箱,公司ID,负责人,等级\n示例甲,13100000001,a@example.com,20001,agent@example.com,vip\n";
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    let ran = work.on(&server, "import customers mine.csv --mapping udesk-customers --lang zh");
    ran.exits(5).says("公司ID → 公司旧系统编号").never_says("公司ID → 公司编号");
    assert_eq!(server.requests_to("customers.create"), 0);
    // A copy of it does the same.
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/mappings/udesk-customers.toml");
    work.write("copy.toml", std::fs::read_to_string(shipped).unwrap());
    work.on(&server, "import customers mine.csv --mapping copy.toml --fresh").exits(5);
    assert_eq!(server.requests_to("customers.create"), 0);
}

#[test]
fn a_list_of_users_finds_their_companies_by_name() {
    let server = Server::start("");
    let work = Work::with(
        "users.csv",
        "name,email,external_id,details,notes,phone,role,restriction,organization,tags\n\
         示例甲,j@example.com,E1,,,010-22220001,end-user,,示例公司00002有限公司,\n",
    );
    let ran = work.on(&server, "import customers users.csv");
    ran.exits(2).says("both mean Note").says("hint: add --mapping zendesk-users").never_says("\\n");
    work.on(&server, "import customers users.csv --mapping zendesk-users")
        .exits(0)
        .says("20002 (示例公司00002有限公司)");
    // Where people have no companies the column is left out.
    work.bw8("check customers users.csv --mapping zendesk-users --account-mode 2c").exits(0);
}

#[test]
fn what_a_shipped_mapping_leaves_behind_is_said_before_the_question() {
    let server = Server::start("");
    let work = Work::with(
        "tickets.csv",
        "Summation column,Id,Requester,Requester id,Requester email,Requester domain,Assignee,Subject,Status,Via,Created at\n\
         1,301,示例甲,,a@example.com,example.com,示例客服,示例一,Open,Web,2026-01-05 08:30\n",
    );
    let ran = work
        .on(&server, "import tickets tickets.csv --mapping zendesk-tickets --dry-run --accept-warnings=no_customer");
    ran.exits(0)
        .says("K Created at: 1 row has something, which does not come over: Created at will be the time of the import");
    ran.says("left out by the mapping, does not come over").says("G Assignee (1 row)").never_says("B Id (1 row)");
    // What a person leaves out in a mapping of their own is no news.
    work.write("own.toml", "source = \"zendesk\"\ndrop = ['Created at', 'Assignee']\n");
    let ran = work.on(&server, "import tickets tickets.csv --mapping own.toml --dry-run --accept-warnings=no_customer");
    ran.exits(3).never_says("left out by the mapping");
}

#[test]
fn whose_the_new_contacts_will_be_is_said_of_every_file() {
    let server = Server::start("");
    let work = Work::new();
    for heading in ["负责客服", "负责人", "客服", "Contact owner"] {
        work.write("mine.csv", format!("姓名,手机,公司编号,{heading}\n示例甲,13100000001,20001,示例客服02\n"));
        let ran = work.on(&server, "import customers mine.csv --dry-run --lang zh");
        ran.exits(0)
            .says(&format!("D {heading}：1 行有内容，不会导入，全部记录的负责客服将是"))
            .says("将是 demo@example.com");
    }
    work.write("plain.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n");
    let ran = work.on(&server, "import customers plain.csv --dry-run --lang zh");
    ran.exits(0).says("全部联系人的负责客服将是 demo@example.com");
    work.write("update.csv", "联系人编号,备注\n50001,示例\n");
    work.on(&server, "import customers update.csv --mode update --dry-run --lang zh").exits(0).never_says("全部联系人");
}

#[test]
fn contacts_without_a_company_are_led_to_the_mode_that_needs_none() {
    let export = "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Marketing contact status,\
                  Create Date,Last Activity Date,Original Source,Lifecycle Stage,Country/Region,City\n\
                  151,Ann,Example,a@example.com,+86 131 0000 0001,,,,2026-01-05 08:30,,,Lead,China,Beijing\n";
    let work = Work::with("mine.csv", export);
    for mapping in ["", "--mapping hubspot-contacts"] {
        let ran = work.bw8(format!("check customers mine.csv {mapping}"));
        ran.exits(2).says("--account-mode 2c");
        work.bw8(format!("check customers mine.csv {mapping} --account-mode 2c")).exits(0);
    }
    // What no mode can do without is not said to be one of the mode.
    let work = Work::with("mine.csv", "描述,联系人编号\n示例,50001\n");
    let ran = work.bw8("check tickets mine.csv");
    ran.exits(2);
    assert!(!ran.to_string().contains("--account-mode"), "{ran}");
}
