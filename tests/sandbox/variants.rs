//! Every switch, played once.

use bw8::sandbox::Variants;
use serde_json::{Value, json};

use super::host::{Host, MAIN, Reply};

fn create(host: &Host) -> Reply {
    host.post("/users.json", &json!({"user": {"name": "A", "mobile": "13100000001", "companyId": "20001"}}))
}

#[test]
fn a_create_answers_in_six_forms() {
    for (form, status, located, id) in [
        ("wiki200", 200, true, "/users/cId"),
        ("wiki201", 201, true, "/user/cId"),
        ("list", 200, true, "/user/0/cId"),
        ("insert-ok", 200, false, ""),
        ("data-id", 200, false, "/data"),
        ("data-record", 200, false, "/data/cId"),
    ] {
        let host = Host::variant(&[&format!("created={form}")]);
        let reply = create(&host);
        assert_eq!((reply.status, reply.header("location").is_some()), (status, located), "{form}");
        let body = reply.json();
        if id.is_empty() {
            assert_eq!(body, json!({"status": "0", "message": "Insert ok", "data": false}));
        } else {
            assert_eq!(body.pointer(id), Some(&json!("50061")), "{form}");
        }
        assert_eq!(host.stored("customers"), 61, "{form}");
    }
}

#[test]
fn answers_change_their_shape() {
    let one = |switches: &[&str], path: &str| Host::variant(switches).get(path).json();
    assert_eq!(one(&["numbers=number"], "/tickets/900001.json")["ticket"][0]["ticketId"], 900_001);
    // A mobile number is no number.
    assert_eq!(one(&["numbers=number"], "/users/50001.json")["user"]["mobile"], "13000000001");
    assert!(one(&["single=object"], "/tickets/900001.json")["ticket"].is_object());
    assert!(one(&["single=list"], "/companies/20001.json")["company"].is_array());
    assert_eq!(one(&["count=string"], "/users.json")["count"], "60");
    assert_eq!(one(&["count=absent"], "/users.json").get("count"), None);
    assert_eq!(one(&["next-page=absent"], "/users.json").get("next_page"), None);
    assert_eq!(one(&["unset-time=null"], "/tickets/900001.json")["ticket"][0]["deleteDT"], Value::Null);
    assert_eq!(one(&["unset-time=zero"], "/tickets/900001.json")["ticket"][0]["deleteDT"], "0000-00-00 00:00:00");
    assert_eq!(one(&["rows=no-custom-fields"], "/users.json")["users"][0].get("custom_fields"), None);
    assert!(one(&["rows=no-custom-fields"], "/users/50001.json")["user"]["custom_fields"].is_array());
    let updated = Host::variant(&["updated=status"]).put("/users/50001.json", &json!({"user": {"name": "B"}}));
    assert_eq!(updated.json()["message"], "Update ok");
}

#[test]
fn refusals_change_their_status() {
    let host = Host::variant(&["errors=200", "missing=404"]);
    assert_eq!(host.get("/nonsense.json").status, 200);
    assert_eq!(host.get("/users/1.json").json()["errcode"], "SANDBOX-NO-SUCH-RECORD");
    assert_eq!(host.raw("GET /api/v1/users.json HTTP/1.1\n", b"").json()["errcode"], "SANDBOX-LOGIN");
    let host = Host::variant(&["missing=404"]);
    assert_eq!(host.get("/users/1.json").status, 404);
}

#[test]
fn a_page_cap_shortens_pages_and_the_links_follow_it() {
    let host = Host::variant(&["page-cap=25"]);
    let page = |page: u32| host.get(&format!("/users.json?page={page}&per_page=100")).json();
    assert_eq!(page(1)["users"].as_array().unwrap().len(), 25);
    assert_eq!(page(3)["users"].as_array().unwrap().len(), 10);
    assert_eq!(page(3)["next_page"], Value::Null);
}

fn with_id(host: &Host, name: &str) -> Reply {
    let headers = format!("Authorization: {MAIN}\nRequestid: same\n");
    let body = json!({"customergroup": {"groupName": name, "type": "1"}});
    host.ask_with("POST", "/customergroups.json", &headers, Some(&body))
}

#[test]
fn a_repeated_request_id_is_dealt_with_in_four_ways() {
    for (policy, second, stored) in [("ignored", 200, 8), ("replayed", 200, 7), ("duplicate", 409, 7), ("busy", 200, 7)]
    {
        let host = Host::variant(&[&format!("requestid={policy}")]);
        let (first, again) = (with_id(&host, "A"), with_id(&host, "A"));
        assert_eq!((first.status, again.status), (200, second), "{policy}");
        assert_eq!(host.stored("customer-groups"), stored, "{policy}");
        assert_eq!(host.state()["counts"]["repeated_request_ids"], 1, "{policy}");
        if policy == "replayed" || policy == "busy" {
            assert_eq!((first.text(), first.header("location")), (again.text(), again.header("location")));
        }
    }
    // While the first is held up, a repeat is told so.
    let host = Host::with(|options| {
        options.variants.set("requestid", "busy").unwrap();
        options.faults = vec!["stall-after-store,nth=1".parse().unwrap()];
    });
    std::thread::scope(|scope| {
        let mut first = host.connect().unwrap();
        let head = format!(
            "POST /api/v1/customergroups.json HTTP/1.1\nAuthorization: {MAIN}\nRequestid: same\nContent-Type: application/json\n"
        );
        let held = first.try_clone().unwrap();
        let body = br#"{"customergroup":{"groupName":"A","type":"1"}}"#;
        scope.spawn(move || super::host::exchange(&mut first, &head, body));
        while host.stored("customer-groups") == 6 {}
        assert_eq!(with_id(&host, "A").json()["errcode"], "SANDBOX-RUNNING");
        held.shutdown(std::net::Shutdown::Both).unwrap();
    });
    assert_eq!(host.stored("customer-groups"), 7);
}

#[test]
fn writes_change_their_meaning() {
    let accepted = Host::variant(&["duplicate-mobile=accepted"]);
    let twin = json!({"user": {"mobile": "13000000001", "companyId": "20001"}});
    assert_eq!(accepted.post("/users.json", &twin).status, 200);
    assert_eq!(Host::new().post("/users.json", &twin).status, 409);

    let blanks = Host::variant(&["put=blanks"]);
    let user = blanks.put("/users/50001.json", &json!({"user": {"mobile": "13000000001"}})).json();
    assert_eq!((&user["user"]["email"], &user["user"]["custom_fields"]), (&json!(""), &json!([])));
    assert_eq!(user["user"]["cId"], "50001");
    for (host, kept) in [(&blanks, 1), (&Host::new(), 4)] {
        let one = json!({"company": {"companyName": "A", "custom_fields": [{"key": "field_10", "value": "零售"}]}});
        let company = host.put("/companies/20001.json", &one).json();
        assert_eq!(company["company"]["custom_fields"].as_array().unwrap().len(), kept);
    }

    let resets = Host::variant(&["template=reset"]);
    let ticket = resets.put("/tickets/900001.json", &json!({"ticket": {"priorityLevel": 1}})).json();
    assert_eq!(ticket["ticket"][0]["ticketTemplateId"], "");
    let ticket = resets.put("/tickets/900001.json", &json!({"ticket": {"ticketTemplateId": 4}})).json();
    assert_eq!(ticket["ticket"][0]["ticketTemplateId"], "4");

    let drops = Host::variant(&["unknown-tags=dropped"]);
    let user = drops.put("/users/50001.json", &json!({"user": {"tableName": "vip,nobody"}})).json();
    assert_eq!(user["user"]["tableName"], "vip");
}

#[test]
fn drop_downs_carry_texts_or_ids() {
    let field = |value: &str| json!({"company": {"custom_fields": [{"key": "field_10", "value": value}]}});
    let path = "/companies/20001.json";
    let texts = Host::new();
    assert_eq!(texts.put(path, &field("231")).status, 400);
    assert_eq!(texts.put(path, &field("零售")).json()["company"]["custom_fields"][0]["value"], "零售");
    let ids = Host::variant(&["options=id"]);
    assert_eq!(ids.put(path, &field("零售")).status, 400);
    assert_eq!(ids.put(path, &field("231")).json()["company"]["custom_fields"][0]["value"], "231");
    // The v2 form of a contact carries ids, and cascades that the plain form leaves out.
    let cascade =
        json!({"user": {"custom_fields": [{"key": "field_1", "value": "91001"}, {"key": "field_3", "value": "26"}]}});
    assert_eq!(texts.put("/users_v2/50001.json", &cascade).status, 200);
    let plain = texts.get("/users/50001.json").json()["user"]["custom_fields"].to_string();
    assert!(plain.contains("金") && !plain.contains("field_3"), "{plain}");
    let ticket = json!({"ticket": {"custom_fields": [{"key": "field_12", "value": "打印机"}]}});
    assert_eq!(texts.put("/tickets/900001.json", &ticket).status, 400);
    assert_eq!(Host::variant(&["options=text"]).put("/tickets/900001.json", &ticket).status, 200);
}

#[test]
fn contacts_stand_alone_in_2c() {
    let host = Host::variant(&["mode=2c"]);
    let user = |user: Value| host.post("/users.json", &json!({ "user": user })).status;
    assert_eq!(user(json!({"mobile": "13100000001", "companyId": "20001"})), 400);
    assert_eq!(user(json!({"mobile": "13100000001", "userGroup": "6"})), 200);
    let company = host.post("/companies.json", &json!({"company": {"companyName": "A", "userGroup": "1"}}));
    assert_eq!(company.status, 400);
}

#[test]
fn times_given_by_the_client_are_refused_ignored_or_kept() {
    let time = "2020-01-01 00:00:00";
    let body = json!({"ticket": {"subject": "A", "custUserId": "50001", "ticketStatus": "4", "createDT": time, "solveDT": time}});
    let ticket = |dates: &str| Host::variant(&[&format!("dates={dates}")]).post("/tickets.json", &body);
    assert_eq!(ticket("refused").status, 400);
    let ignored = ticket("ignored").json();
    assert_ne!(ignored["tickets"]["createDT"], time);
    assert_ne!(ignored["tickets"]["solveDT"], time);
    let kept = ticket("kept").json();
    assert_eq!((&kept["tickets"]["createDT"], &kept["tickets"]["solveDT"]), (&json!(time), &json!(time)));
}

#[test]
fn a_new_record_is_seen_in_lists_only_later() {
    let host = Host::variant(&["list-delay=600000"]);
    assert_eq!(create(&host).status, 200);
    assert_eq!(host.get("/users.json").json()["count"], 60);
    assert_eq!(host.get("/users/search.json?query=mobile:13100000001").json()["count"], 0);
    assert_eq!(host.get("/users/50061.json").json()["user"]["name"], "A");
}

#[test]
fn only_so_many_requests_a_second_are_let_through() {
    let host = Host::variant(&["rate=1"]);
    assert_eq!(host.get("/users.json?per_page=1").status, 200);
    // Two requests fall into one second sooner or later, however slow the machine is.
    let refused = loop {
        let reply = host.get("/users.json?per_page=1");
        if reply.status != 200 {
            break reply;
        }
    };
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
}

#[test]
fn binding_queries_have_their_own_switches() {
    let path = "/user/relationship/cid.json?cId=50002&account_source=";
    let failure = Host::variant(&["unbound=error", "workwechat-query=refused"]);
    assert_eq!(failure.get(&format!("{path}open")).json()["message"], "user error");
    assert_eq!(failure.get(&format!("{path}workWechat")).status, 403);
    let usual = Host::new();
    assert_eq!(usual.get(&format!("{path}open")).json(), json!({"data": [], "msg": "success"}));
    assert_eq!(usual.get(&format!("{path}workWechat")).json(), json!({"data": [], "msg": "success"}));
}

#[test]
fn a_loose_router_answers_what_was_not_asked() {
    let host = Host::variant(&["router=loose"]);
    assert!(host.get("/ticketsources").json()["tickets"].is_array());
    assert_eq!(host.get("/tickets/900001/fields").json()["ticket"][0]["ticketId"], "900001");
    assert!(host.get("/tickettemplates/4/fields").json()["tickettemplate"].is_object());
    assert_eq!(host.get("/nonsense").json()["errcode"], "100047");
    assert_eq!(Host::new().get("/ticketsources").json()["errcode"], "100047");
}

/// A switch that is added has to be played here.
#[test]
fn every_switch_is_played_above() {
    let source = include_str!("variants.rs");
    for switch in Variants::default().table() {
        let word = format!("{}=", switch.name);
        let is_played = source.contains(&word) || source.contains(&format!("\"{}\"", switch.name));
        let elsewhere = ["token-lifetime", "ticket-per-page"].contains(&switch.name);
        assert!(is_played || elsewhere, "{}", switch.name);
    }
}
