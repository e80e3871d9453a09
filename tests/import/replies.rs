//! A ticket with its first reply, as the vendor's own example of a create has it: no customer, and a member in a member.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

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

/// How many replies a ticket has.
fn replies(server: &Server, ticket: &str) -> usize {
    server.records("ticket-replies").iter().filter(|reply| reply["ticketId"] == ticket).count()
}

#[test]
fn nobody_gets_a_reply_twice_whatever_file_brings_it() {
    for (name, second) in [
        ("t.csv", "工单编号,首条回复,优先级\n900001,示例回复,低\n900002,示例回复,低\n"),
        ("t.csv", "工单编号,首条回复,优先级\n900001,示例回复,高\n900002,,高\n"),
        ("u.csv", "工单编号,首条回复,优先级\n900001,示例回复,低\n"),
        ("u.csv", "回复内容,工单编号\n 示例回复 ,900001\n"),
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        work.write("t.csv", "工单编号,首条回复,优先级\n900001,示例回复,低\n");
        work.on(&server, "import tickets t.csv --mode update").exits(0);
        work.write(name, second);
        work.on(&server, format!("import tickets {name} --mode update")).exits(0).says("are not added again");
        assert_eq!(replies(&server, "900001"), 1, "{second}");
        assert_eq!(work.results().column("code")[0], "sent_before", "{second}");
        // Neither a folder that is gone nor the state that is lost makes it forget.
        std::fs::remove_dir_all(&work.runs()[0]).unwrap();
        work.write("v.csv", "工单编号,首条回复\n900001,示例回复\n");
        work.on(&server, "import tickets v.csv --mode update").exits(0);
        assert_rows(&work.summary(), "skipped 1");
        std::fs::remove_dir_all(work.path("state")).unwrap();
        work.write("w.csv", "工单编号,首条回复,优先级\n900001,示例回复,紧急\n");
        work.on(&server, "import tickets w.csv --mode update").exits(0);
        assert_eq!(replies(&server, "900001"), 1, "{second}");
    }
}

#[test]
fn a_reply_in_another_width_is_the_same_reply() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("a.csv", "工单编号,首条回复\n900001,已处理（A1）！\n");
    work.on(&server, "import tickets a.csv --mode update").exits(0);
    work.write("b.csv", "工单编号,首条回复\n900001,已处理(Ａ１)!\n");
    work.on(&server, "import tickets b.csv --mode update").exits(0).says("are not added again");
    assert_eq!(replies(&server, "900001"), 1);
}

#[test]
fn another_reply_another_ticket_and_what_a_person_says_are_sent() {
    let (work, server) = (Work::new(), Server::start(""));
    for (file, rows) in [
        ("a.csv", "900001,示例回复\n"),
        ("b.csv", "900001,示例回复 二\n"),
        ("c.csv", "900002,示例回复\n900003,示例回复\n"),
    ] {
        work.write(file, format!("工单编号,首条回复\n{rows}"));
        work.on(&server, format!("import tickets {file} --mode update")).exits(0);
    }
    let all = |server: &Server| ["900001", "900002", "900003"].map(|ticket| replies(server, ticket));
    assert_eq!(all(&server), [2, 1, 1]);
    // The older of two replies is remembered, too.
    work.write("d.csv", "工单编号,首条回复\n900001,示例回复\n");
    work.on(&server, "import tickets d.csv --mode update").exits(0);
    assert_eq!(all(&server), [2, 1, 1]);
    work.on(&server, "import tickets d.csv --mode update --fresh").exits(0);
    assert_eq!(all(&server), [3, 1, 1]);
    work.on(&server, "import tickets d.csv --mode update --fresh --sandbox").exits(0);
    assert_eq!(all(&server), [3, 1, 1]);
}

#[test]
fn the_first_reply_of_a_new_ticket_is_not_added_by_an_upsert() {
    let (work, server) = (Work::new(), Server::start(""));
    let write = |title: &str| {
        let rows = format!("T1,{title},50001,示例回复\nT2,示例 二,50002,示例回复\n");
        work.write("t.csv", format!("工单号,标题,联系人编号,首条回复\n{rows}"));
    };
    write("示例 一");
    work.on(&server, "import tickets t.csv --source old").exits(0);
    let made = server.records("ticket-replies").len();
    write("示例 改");
    work.on(&server, "import tickets t.csv --source old --mode upsert --dry-run").exits(0);
    work.on(&server, "import tickets t.csv --source old --mode upsert").exits(0);
    assert_rows(&work.summary(), "updated 1, skipped 1");
    assert_eq!(server.records("ticket-replies").len(), made);
}

#[test]
fn a_reply_that_went_with_a_row_that_waits_is_not_sent_by_its_retry() {
    let (work, server) = (Work::new(), Server::start(""));
    work.on(&server, "export tickets -o o.csv --summary none --headers zh --columns ticketId,subject,priorityLevel")
        .exits(0);
    let text = work.read("o.csv");
    let mut lines = text.lines();
    let (head, row) = (lines.next().unwrap(), lines.next().unwrap());
    let id = row.split(',').next().unwrap();
    server.change(&format!("tickets/{id}"), r#"{"ticket":{"subject":"同事改的"}}"#);
    let subject = row.split(',').nth(1).unwrap();
    work.write("o.csv", format!("{head},首条回复\n{},示例回复\n", row.replace(subject, "示例 改")));
    work.on(&server, "import tickets o.csv --mode update").exits(3);
    assert_rows(&work.summary(), "held 1");
    assert_eq!(replies(&server, id), 1);
    let folder = work.run_folder();
    let mut failed = work.table(folder.join("failed.csv"));
    failed.set(0, "confirm import", "yes");
    std::fs::write(folder.join("failed.csv"), failed.to_csv()).unwrap();
    work.on(&server, format!("retry {}", folder.join("failed.csv").display())).exits(0);
    assert_eq!((replies(&server, id), &stored(&server, id)["subject"]), (1, &json!("示例 改")));
}

#[test]
fn a_reply_in_doubt_is_in_doubt_for_every_file() {
    let (work, server) = (Work::new(), Server::start("--fault 504-after-store,on=PUT_tickets"));
    work.write("t.csv", "工单编号,首条回复\n900001,示例回复\n");
    work.on(&server, "import tickets t.csv --mode update --no-canary").exits(4);
    for gone in [false, true] {
        if gone {
            std::fs::remove_dir_all(&work.runs()[0]).unwrap();
        }
        work.write("u.csv", format!("工单编号,首条回复,优先级\n900001,示例回复,{}\n", if gone { "低" } else { "高" }));
        work.on(&server, "import tickets u.csv --mode update --no-canary").exits(4).says("it is not known whether");
        assert_rows(&work.summary(), "unknown 1");
        assert_eq!(server.requests_to("tickets.update"), 1);
    }
    // A person has looked: it is not there.
    work.on(&server, "import tickets u.csv --mode update --no-canary --resend-unknown").exits(4);
    assert_eq!(server.requests_to("tickets.update"), 2);
}

/// A service with three tickets whose answer to the first reply to the last of them is lost, before it is stored or behind that;
/// and the replies. Which time a ticket has after a reply, if it is a new one, `time_after` says of replies whose answer is lost and of
/// the others.
fn losing_an_answer(
    is_stored: bool,
    time_after: fn(bool) -> Option<String>,
) -> (Service, Arc<Mutex<BTreeMap<String, usize>>>) {
    let replies = Arc::new(Mutex::new(BTreeMap::new()));
    let (added, mut times, mut is_lost) = (Arc::clone(&replies), BTreeMap::new(), false);
    let service = Service::start(move |request| {
        let Some(id) = request.path.strip_prefix("/tickets/9").and_then(|rest| rest.strip_suffix(".json")) else {
            return unknown();
        };
        let is_lost_now = request.method == "PUT" && id == "00003" && !is_lost;
        is_lost |= is_lost_now;
        if request.method == "PUT" && (is_stored || !is_lost_now) {
            *added.lock().unwrap().entry(format!("9{id}")).or_insert(0) += 1;
            times.extend(time_after(is_lost_now).map(|time| (id.to_owned(), time)));
        }
        let changed = times.get(id).map_or("2025-01-05 08:00:00", String::as_str);
        let ticket = json!({"ticketId": format!("9{id}"), "subject": "示例", "updateDT": changed});
        match is_lost_now {
            true => (504, "{}".to_owned()),
            false => (200, json!({"ticket": [ticket]}).to_string()),
        }
    });
    (service, replies)
}

#[test]
fn a_time_that_stayed_tells_of_a_reply_only_where_replies_give_a_new_one() {
    for (is_stored, gives_new_time, exits) in
        [(true, false, [4, 4]), (false, false, [4, 4]), (true, true, [4, 4]), (false, true, [5, 0])]
    {
        let now = |_| {
            let now = jiff::tz::Offset::constant(8).to_datetime(jiff::Timestamp::now());
            Some(now.strftime("%Y-%m-%d %H:%M:%S").to_string())
        };
        let (service, replies) = losing_an_answer(is_stored, if gives_new_time { now } else { |_| None });
        let work = Work::at(&service.base_url());
        work.write("t.csv", "工单编号,回复\n900001,示例一\n900002,示例二\n900003,示例三\n");
        for exit in exits {
            let import = "import tickets t.csv --mode update --server-timeout 0 --notifications-off";
            let ran = work.bw8(import);
            ran.exits(exit);
            if exit == 4 && !gives_new_time {
                assert!(work.results().column("message")[2].contains("look into record 900003"), "{ran}");
            }
        }
        let expected = usize::from(is_stored || gives_new_time);
        assert_eq!(
            replies.lock().unwrap().get("900003").copied().unwrap_or(0),
            expected,
            "{is_stored} {gives_new_time}"
        );
        // A person has looked.
        if exits[1] == 4 && !is_stored {
            work.bw8("import tickets t.csv --mode update --server-timeout 0 --notifications-off --resend-unknown")
                .exits(0);
            assert_eq!(replies.lock().unwrap()["900003"], 1);
        }
    }
}

#[test]
fn a_time_that_somebody_gave_a_ticket_since_tells_of_no_reply() {
    // Agents have gone on with the tickets whose replies are known; a reply gives a ticket no time of its own.
    let (service, replies) = losing_an_answer(true, |is_lost| (!is_lost).then(|| "2099-01-01 08:00:00".to_owned()));
    let work = Work::at(&service.base_url());
    work.write("t.csv", "工单编号,回复\n900001,示例一\n900002,示例二\n900003,示例三\n");
    for _ in 0..2 {
        work.bw8("import tickets t.csv --mode update --server-timeout 0 --notifications-off").exits(4);
    }
    assert_eq!(replies.lock().unwrap()["900003"], 1);
}
