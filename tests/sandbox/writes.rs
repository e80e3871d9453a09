//! Create, change, delete, and everything that is refused.

use serde_json::{Value, json};

use super::host::{Host, MAIN};

/// The record that an answer carries, whatever it is wrapped in.
fn record(answer: &Value) -> Value {
    let inner = answer.as_object().unwrap().values().next().unwrap();
    inner.get(0).unwrap_or(inner).clone()
}

#[test]
fn a_record_can_be_created_read_changed_and_deleted() {
    let host = Host::new();
    for (list, id, wrap, name, create) in [
        ("users", "cId", "user", "name", json!({"name": "A", "mobile": "13100000001", "companyId": "20001"})),
        ("companies", "uId", "company", "companyName", json!({"companyName": "A"})),
        ("customergroups", "groupId", "customergroup", "groupName", json!({"groupName": "A", "type": "2"})),
        ("tickets", "ticketId", "ticket", "subject", json!({"subject": "A", "custUserId": "50001"})),
    ] {
        let path = format!("/{list}.json");
        let created = host.post(&path, &json!({ wrap: create }));
        assert_eq!(created.status, 200, "{}", created.text());
        let id = record(&created.json())[id].as_str().unwrap().to_owned();
        let one = format!("/{list}/{id}.json");
        assert!(created.header("location").unwrap().ends_with(&one));
        let before = record(&host.get(&one).json());
        assert_eq!(before[name], "A");
        let changed = host.put(&one, &json!({ wrap: { name: "B" } }));
        assert_eq!(changed.status, 200, "{}", changed.text());
        let after = record(&host.get(&one).json());
        assert_eq!(after[name], "B");
        for (member, value) in before.as_object().unwrap() {
            assert!([name, "updateDT"].contains(&member.as_str()) || after[member] == *value, "{list}.{member}");
        }
        assert!(host.get(&format!("/{list}.json?per_page=1000")).text().contains(&one));
        assert_eq!(host.delete(&one).status, 200);
        assert!(!host.get(&format!("/{list}.json?per_page=1000")).text().contains(&one));
        assert_eq!(host.put(&one, &json!({ wrap: { name: "C" } })).status, 404);
        assert_eq!(host.delete(&one).status, 404);
    }
}

#[test]
fn a_write_that_is_not_right_is_refused_by_name_and_stores_nothing() {
    let host = Host::new();
    let user = |member: &str, value: Value| {
        let mut user = json!({"mobile": "13100000001", "companyId": "20001"});
        user[member] = value;
        ("/users.json", json!({ "user": user }))
    };
    let ticket = |member: &str, value: Value| {
        let mut ticket = json!({"subject": "A", "custUserId": "50001"});
        ticket[member] = value;
        ("/tickets.json", json!({ "ticket": ticket }))
    };
    let company = |member: &str, value: Value| {
        let mut company = json!({"companyName": "A"});
        company[member] = value;
        ("/companies.json", json!({ "company": company }))
    };
    let custom = |pairs: Value| {
        ("/tickets.json", json!({"ticket": {"subject": "A", "custUserId": "50001", "custom_fields": pairs}}))
    };
    for ((path, body), named) in [
        (user("nickname", json!("x")), "nickname"),
        (user("name", json!("名".repeat(31))), "name"),
        (user("state", json!("4")), "state"),
        (user("companyId", json!("99999")), "companyId"),
        (user("cId", json!("5")), "cId"),
        (user("createDT", json!("2020-01-01 00:00:00")), "createDT"),
        (user("supportId", json!("7001")), "supportId"),
        (user("userGroup", json!("6")), "userGroup"),
        (user("name", json!(["x"])), "name"),
        (user("name", json!(null)), "name"),
        (user("tableName", json!("a,,b")), "tableName"),
        (user("mobile", json!("13000000001")), "手机"),
        (ticket("custUserId", json!("1")), "custUserId"),
        (ticket("ticketStatus", json!("7")), "ticketStatus"),
        (ticket("ticketStatus", json!("已解决")), "ticketStatus"),
        (ticket("ccUserIdList", json!("7001,1")), "ccUserIdList"),
        (ticket("ccUserIdList", json!("7001;7002")), "ccUserIdList"),
        (ticket("ticketTemplateId", json!("99")), "ticketTemplateId"),
        (ticket("subject", json!("")), "subject"),
        (ticket("subject", json!("x".repeat(101))), "subject"),
        (ticket("ticketReply", json!("x")), "ticketReply"),
        (company("serviceendtime", json!("2026-2-3")), "serviceendtime"),
        (company("serviceendtime", json!("2026-02-30")), "serviceendtime"),
        (company("serviceCharge", json!("free")), "serviceCharge"),
        (company("userGroup", json!("99")), "userGroup"),
        (company("service_groupid", json!("301,1")), "service_groupid"),
        (custom(json!([{"key": "field_99", "value": "x"}])), "field_99"),
        (custom(json!([{"key": "field_12", "value": "打印机"}])), "field_12"),
        (custom(json!([{"key": "plan_time", "value": "soon"}])), "plan_time"),
        (custom(json!([{"key": "plan_time"}])), "custom_fields"),
        (custom(json!({"field_12": "81001"})), "custom_fields"),
        (("/customergroups.json", json!({"customergroup": {"groupName": "A"}})), "type"),
        (("/customergroups.json", json!({"groupName": "A", "type": "1"})), "customergroup"),
        (("/customergroups.json", json!({"customergroup": {"groupName": "A", "type": "1"}, "x": 1})), "x"),
        (("/customergroups.json", json!({"customergroup": []})), "customergroup"),
    ] {
        let reply = host.post(path, &body);
        assert!((400..500).contains(&reply.status), "{body}: {} {}", reply.status, reply.text());
        let error = reply.json();
        assert!(error["errcode"].as_str().unwrap().starts_with("SANDBOX-"), "{error}");
        assert!(error["errmsg"].as_str().unwrap().contains(named), "{named}: {error}");
    }
    assert_eq!(host.state()["counts"]["writes_stored"], 0);
}

#[test]
fn the_body_must_be_json_and_say_so() {
    let host = Host::new();
    let body = br#"{"customergroup":{"groupName":"A","type":"1"}}"#;
    let send = |headers: &str, body: &[u8]| {
        host.raw(&format!("POST /api/v1/customergroups.json HTTP/1.1\nAuthorization: {MAIN}\n{headers}"), body)
    };
    for headers in ["", "Content-Type: text/plain\n", "Content-Type: application/x-www-form-urlencoded\n"] {
        let reply = send(headers, body);
        assert_eq!(reply.json()["errcode"], "SANDBOX-CONTENT-TYPE", "{headers}");
    }
    for wrong in [&b"{"[..], b"[]", b"\xff\xfe", b"groupName=A"] {
        let reply = send("Content-Type: application/json\n", wrong);
        assert_eq!(reply.json()["errcode"], "SANDBOX-NOT-JSON");
    }
    assert_eq!(send("Content-Type: application/json; charset=utf-8\n", body).status, 200);
}

#[test]
fn an_update_may_name_its_own_id_and_clear_what_is_not_required() {
    let host = Host::new();
    let own = host.put("/users/50001.json", &json!({"user": {"cId": "50001", "email": ""}}));
    assert_eq!(own.json()["user"]["email"], "");
    assert_eq!(host.put("/users/50001.json", &json!({"user": {"cId": "50002"}})).status, 400);
    assert_eq!(host.put("/companies/20001.json", &json!({"company": {"companyName": ""}})).status, 400);
    // A contact can be moved to another company.
    let moved = host.put("/users/50001.json", &json!({"user": {"companyId": 20002}}));
    assert_eq!(moved.json()["user"]["companyId"], "20002");
    // Its own mobile number is no duplicate.
    assert_eq!(host.put("/users/50001.json", &json!({"user": {"mobile": "13000000001"}})).status, 200);
    assert_eq!(host.put("/users/50001.json", &json!({"user": {"mobile": "13000000002"}})).status, 409);
}

#[test]
fn tags_are_replaced_as_a_whole() {
    let host = Host::new();
    for (path, wrap, member) in [
        ("/users/50001.json", "user", "tableName"),
        ("/companies/20001.json", "company", "tableName"),
        ("/tickets/900001.json", "ticket", "tagList"),
    ] {
        for tags in ["a,b", "c", ""] {
            assert_eq!(host.put(path, &json!({ wrap: { member: tags } })).status, 200);
            assert_eq!(record(&host.get(path).json())[member], tags);
        }
    }
}

#[test]
fn deleting_is_soft_where_a_member_tells() {
    let host = Host::new();
    for (path, member, value) in [
        ("/users/50002.json", "state", "3"),
        ("/companies/20002.json", "status", "2"),
        ("/tickets/900002.json", "isDeleted", "1"),
        ("/supports/7008.json", "isStat", "0"),
    ] {
        assert_eq!(host.delete(path).status, 200);
        assert_eq!(record(&host.get(path).json())[member], value, "{path}");
    }
    assert_eq!(host.delete("/customergroups/6.json").status, 200);
    assert_eq!(host.get("/customergroups/6.json").json(), json!({"customergroup": []}));
    // What is deleted cannot be referred to.
    assert_eq!(host.post("/tickets.json", &json!({"ticket": {"subject": "A", "custUserId": "50002"}})).status, 400);
}

#[test]
fn a_ticket_keeps_the_times_of_its_states_and_its_replies() {
    let host = Host::new();
    let created = host.post("/tickets.json", &json!({"ticket": {"subject": "A", "custUserId": "50001"}})).json();
    assert_eq!((&created["tickets"]["ticketStatus"], &created["tickets"]["solveDT"]), (&json!("1"), &json!("")));
    let path = format!("/tickets/{}.json", created["tickets"]["ticketId"].as_str().unwrap());
    let solved = host.put(&path, &json!({"ticket": {"ticketStatus": 4, "ticketReply": {"replyMsg": "Fixed"}}})).json();
    assert_eq!(solved["ticket"][0]["solveDT"].as_str().unwrap().len(), 19);
    let records = host.raw("GET /sandbox/state.json?records=ticket-replies HTTP/1.1\n", b"").json();
    assert_eq!(records["records"]["ticket-replies"][0]["record"]["replyMsg"], "Fixed");
    for wrong in [json!("Fixed"), json!({"replyMsg": ""}), json!({"replyMsg": "x", "y": 1})] {
        assert_eq!(host.put(&path, &json!({"ticket": {"ticketReply": wrong}})).status, 400);
    }
}

#[test]
fn bindings_are_refused_in_their_own_shape() {
    let host = Host::new();
    let path = "/user/relationship/cid.json";
    for (body, message) in [
        (json!({"openId": "x", "account_source": "open"}), "cId: is required"),
        (json!({"cId": "50002", "account_source": "open"}), "openId: is required"),
        (json!({"cId": "50002", "openId": "x"}), "account_source: is required"),
        (
            json!({"cId": "50002", "openId": "x", "account_source": "qq"}),
            "account_source: is none of the allowed values",
        ),
        (
            json!({"cId": "50002", "openId": "x", "account_source": "open", "thirdUserId": "x"}),
            "thirdUserId: no such field",
        ),
        // One identity belongs to one contact.
        (json!({"cId": "50002", "openId": "ext-00001", "account_source": "open"}), "Bind Already exists"),
    ] {
        let reply = host.post(path, &body);
        assert_eq!((reply.status, reply.json()), (403, json!({"state": "403", "message": message})), "{body}");
    }
    // Another source is another binding.
    let other = json!({"cId": "50001", "openId": "ext-00001", "account_source": "dingding"});
    assert_eq!(host.post(path, &other).json(), json!({"data": true, "msg": "success"}));
    let query = format!("{path}?cId=50001&account_source=dingding");
    assert_eq!(host.get(&query).json()["data"][0]["openId"], "ext-00001");
    assert_eq!(host.delete(&query).json(), json!({"data": true, "msg": "success"}));
    assert_eq!(host.get(&query).json()["data"], json!([]));
    assert_eq!(host.delete(&query).status, 403);
    // Changing what is not there.
    let absent = host.put(path, &json!({"cId": "50001", "openId": "y", "account_source": "dingding"}));
    assert_eq!(absent.json()["message"], "user error");
}

#[test]
fn the_id_of_the_request_is_kept_with_what_it_wrote() {
    let host = Host::new();
    let headers = format!("Authorization: {MAIN}\nRequestid: 00000000-0000-5000-8000-000000000001\n");
    let body = json!({"customergroup": {"groupName": "A", "type": "1"}});
    host.ask_with("POST", "/customergroups.json", &headers, Some(&body));
    let state = host.raw("GET /sandbox/state.json?records=customer-groups HTTP/1.1\n", b"").json();
    let last = state["records"]["customer-groups"].as_array().unwrap().last().unwrap();
    assert_eq!(last["request_id"], "00000000-0000-5000-8000-000000000001");
    assert_eq!(state["last"][0]["request_id"], "00000000-0000-5000-8000-000000000001");
}
