//! A sandbox that is like an account: what is copied, what is not, and that a file is rehearsed with it.

use serde_json::json;

use crate::harness::*;

/// The account: another sandbox, whose agents and groups have names of their own.
fn account() -> Server {
    let server = Server::start("");
    let work = Work::at(server.base_url());
    work.write("groups.csv", "分组名称,分组类型\n示例自有分组,公司分组\n");
    work.bw8("import customer-groups groups.csv --rate 0").exits(0);
    server
}

/// A folder whose `bw8.toml` names the account, with nothing in the environment that does.
fn folder(server: &Server, more: &str) -> Work {
    let work = Work::new();
    let login = format!("base_url = \"{}\"\nuser = \"demo@example.com\"\npassword = \"sandbox\"\n", server.base_url());
    work.write_private("bw8.toml", &format!("[account.example]\n{login}{more}"));
    work
}

#[test]
fn a_file_is_rehearsed_with_the_accounts_own_definitions() {
    let server = account();
    let work = folder(&server, "");
    let ran = work.bw8("sandbox --like example");
    ran.exits(0).says("Agents  8").says("Ticket templates  3").says("Custom fields of Companies  4");
    ran.says("bw8 import customers customers.xlsx --sandbox").never_says("invented");
    for list in ["customers.list", "companies.list", "tickets.list"] {
        assert_eq!(server.requests_to(list), 0, "{list}");
    }
    // No customers, no companies, no tickets; of agents nothing but what rows may name them by.
    work.bw8("export companies --sandbox -o companies.csv").exits(0);
    assert_eq!(work.rows("companies.csv").len(), 1);
    work.bw8("export agents --sandbox --raw -o agents.csv").exits(0);
    let agents = work.read("agents.csv");
    assert!(agents.contains("agent01@example.com") && !agents.contains("13010000001"), "{agents}");
    // The account's own group is known by name, and so is an option of its own field.
    work.write("companies.csv", "公司名称,客户分组,示例行业,负责客服组\n示例一,示例自有分组,零售,示例二线组\n");
    work.bw8("import companies companies.csv --sandbox").exits(0).says("created 1");
    work.write("wrong.csv", "公司名称,客户分组\n示例二,示例没有的分组\n");
    work.bw8("import companies wrong.csv --sandbox").exits(5);
}

#[cfg(unix)]
#[test]
fn the_copy_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = account();
    let work = folder(&server, "");
    work.bw8("sandbox --like example").exits(0);
    let mode = |name: &str| std::fs::metadata(work.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(".bw8"), mode(".bw8/sandbox.db")), (0o700, 0o600));
}

#[test]
fn what_is_copied_is_told_to_scripts() {
    let server = account();
    let work = folder(&server, "");
    work.write("bw8.toml", work.read("bw8.toml").replace("example]", "default]"));
    let said = work.bw8("sandbox --like default --format json").exits(0).json();
    assert_eq!(said["records"], json!({"agents": 8, "agent-groups": 3, "customer-groups": 7, "ticket-templates": 3}));
    assert_eq!(said["custom_fields"], json!({"customers": 3, "companies": 4, "tickets": 4}));
    assert_eq!(said["invented"], json!([]));
}

#[test]
fn an_earlier_rehearsal_is_not_mixed_with_a_copy() {
    let server = account();
    let work = folder(&server, "");
    work.write("one.csv", "公司名称\n示例一\n");
    work.bw8("import companies one.csv --sandbox").exits(0).says("created 1");
    work.bw8("sandbox --like example").exits(0).says(".bw8-2").says("rehearsed here before");
    assert!(work.path(".bw8-2/sandbox.db").exists());
    // The new one does not know the row, and nothing that is remembered says otherwise.
    work.bw8("import companies one.csv --sandbox").exits(0).says("created 1");
    work.bw8("export companies --sandbox -o companies.csv").exits(0);
    assert_eq!(work.rows("companies.csv").len(), 2);
    // A file of its own is not overwritten, and the account not even asked.
    let before = server.requests();
    work.bw8("sandbox --like example --data bw8.toml").exits(2).says("exists already");
    assert_eq!(server.requests(), before);
}

#[test]
fn what_the_account_does_not_show_is_said_and_stands_in_as_invented() {
    let service = Service::start(|request: &Request| {
        let list = match request.path.trim_start_matches('/') {
            "supportgroups.json" => json!({"supportgroups": [{"sgId": 11, "sgName": "示例夜班组"}], "count": 1}),
            "customergroups.json" => json!({"customergroups": [], "count": 0}),
            "tickettemplates.json" => {
                json!({"tickettemplates": [{"tId": 77, "ticketTemplateName": "示例报修"}], "count": 1})
            }
            _ => return (403, json!({"errcode": "1", "errmsg": "no right"}).to_string()),
        };
        (200, list.to_string())
    });
    let work = Work::at(&service.base_url());
    let ran = work.bw8("sandbox --like --format json");
    let said = ran.exits(0).says("Agents: the account does not show them").json();
    assert_eq!(said["records"], json!({"agent-groups": 1, "customer-groups": 0, "ticket-templates": 1}));
    assert_eq!(said["invented"], json!(["agents", "customers", "companies", "tickets"]));
    work.bw8("export agent-groups --sandbox -o groups.csv").exits(0);
    assert_eq!(work.rows("groups.csv")[1][1], "示例夜班组");
    work.bw8("export customer-groups --sandbox -o customer-groups.csv").exits(0);
    assert_eq!(work.rows("customer-groups.csv").len(), 1);
    work.bw8("export agents --sandbox -o agents.csv").exits(0);
    assert_eq!(work.rows("agents.csv").len(), 9);
}

#[test]
fn a_login_that_is_wrong_leaves_nothing_behind() {
    let server = account();
    let work = folder(&server, "");
    work.write("bw8.toml", work.read("bw8.toml").replace("\"sandbox\"", "\"wrong\""));
    work.bw8("sandbox --like example").exits(6);
    assert!(!work.path(".bw8").exists());
    work.bw8("sandbox --like nobody").exits(2).says("nobody");
}

#[test]
fn the_account_that_is_named_tells_its_mode() {
    let server = account();
    let work = folder(&server, "mode = \"2c\"\n");
    work.bw8("sandbox --like example").exits(0).says("--sandbox --account example");
    work.write("one.csv", "姓名,手机\n示例甲,13100000001\n");
    work.bw8("import customers one.csv --sandbox --account example").exits(0).says("created 1");
}

#[test]
fn a_server_of_its_own_can_be_like_an_account() {
    let account = account();
    let work = folder(&account, "");
    let command = work.command("sandbox --like example --listen 127.0.0.1:0 --format json");
    let server = Server::of(command, work);
    assert_eq!(server.stored("customer-groups"), 7);
    assert_eq!(server.state()["stored"]["customers"], json!(null));
}
