//! A ticket with its first reply, as the vendor's own example of a create has it: no customer, and a member in a member.

use serde_json::{Value, json};

use crate::harness::*;

/// A ticket as the sandbox has it.
fn stored(server: &Server, id: &str) -> Value {
    let tickets = server.records("tickets");
    let found = tickets.into_iter().find(|ticket| ticket["ticketId"] == id).expect("the ticket");
    Value::Object(found)
}

#[test]
fn a_ticket_without_a_customer_is_held_until_somebody_consents() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("t.csv", "标题,首条回复\n示例 一,示例回复\n示例 二,\n");
    work.on(&server, "import tickets t.csv").exits(3).says("the record would belong to nobody");
    assert_rows(&work.summary(), "held 2");
    assert_eq!(server.requests_to("tickets.create"), 0);
    work.on(&server, "import tickets t.csv --accept-warnings=no_customer").exits(0);
    assert_rows(&work.summary(), "created 2");
    let made = work.results().rows.pop().unwrap();
    let id = made.iter().find(|cell| cell.len() == 6 && cell.starts_with('9')).expect("an id");
    assert_eq!(stored(&server, id)["custUserId"], Value::Null);
    // One that has a customer needs no consent, and a cell that is empty is one without.
    work.write("u.csv", "标题,联系人编号\n示例 三,50001\n示例 四,\n");
    work.on(&server, "import tickets u.csv").exits(3);
    assert_rows(&work.summary(), "created 1, held 1");
}

#[test]
fn a_reply_is_sent_as_the_vendor_sends_it() {
    let mut bodies: Vec<Value> = Vec::new();
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/tickets.json") => {
            bodies.push(serde_json::from_str(&request.body).unwrap());
            let id = (900_000 + bodies.len()).to_string();
            (
                200,
                json!({"ticket": {"ticketId": id, "subject": bodies.last().unwrap()["ticket"]["subject"]}}).to_string(),
            )
        }
        ("GET", "/tickets.json") => (200, json!({"tickets": [], "count": 0}).to_string()),
        ("GET", path) if path.starts_with("/tickets/9") => {
            (200, json!({"ticket": [{"ticketId": "900001", "subject": "示例 一"}]}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("t.csv", "标题,回复内容\n示例 一,示例回复\n示例 二,\n");
    // Nobody can read a reply in its ticket, so that it is no loss.
    work.bw8("import tickets t.csv --rate 0 --accept-warnings=no_customer").exits(0);
    let sent: Vec<String> =
        service.requests().into_iter().filter(|request| request.method == "POST").map(|request| request.body).collect();
    assert_eq!(
        sent,
        [
            r#"{"ticket":{"subject":"示例 一","ticketReply":{"replyMsg":"示例回复"}}}"#,
            r#"{"ticket":{"subject":"示例 二"}}"#
        ]
    );
}

#[test]
fn an_update_adds_a_reply() {
    let (work, server) = (Work::new(), Server::start(""));
    let before = stored(&server, "900001");
    work.write("t.csv", "工单编号,工单状态,回复\n900001,已解决,示例回复\n900002,,示例回复\n");
    work.on(&server, "import tickets t.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 2");
    let after = stored(&server, "900001");
    assert_eq!((&after["ticketStatus"], &after["subject"]), (&json!("4"), &before["subject"]));
    assert!(after.get("ticketReply").is_none() && after.get("ticketReply.replyMsg").is_none());
    // No record has it, so that no export has a column of it.
    work.on(&server, "export tickets -o all.csv").exits(0);
    assert!(!work.rows("all.csv")[0].contains(&"First reply".to_owned()));
    work.on(&server, "export tickets -o none.csv --columns ticketReply.replyMsg").exits(2);
}

#[test]
fn whether_a_reply_in_doubt_was_added_no_record_tells() {
    let (work, server) = (Work::new(), Server::start("--fault 504-after-store,on=PUT_tickets"));
    work.write("t.csv", "工单编号,工单状态,回复\n900001,已解决,示例回复\n");
    work.on(&server, "import tickets t.csv --mode update --no-canary").exits(4);
    let run = work.run_folder();
    work.on(&server, format!("settle {}", run.display())).exits(4);
    assert_rows(&work.summary(), "unknown 1");
    assert_eq!(server.requests_to("tickets.update"), 1);
}
