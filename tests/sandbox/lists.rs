//! Pages, filters, orders, search, and what a seed makes.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::host::Host;

/// The ids of a list's rows.
fn ids(list: &Value, key: &str, id: &str) -> Vec<i64> {
    list[key].as_array().unwrap().iter().map(|row| row[id].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn pages_follow_one_another_without_gap_or_repeat() {
    let host = Host::new();
    let mut seen = Vec::new();
    let mut page = 1;
    loop {
        let list = host.get(&format!("/users.json?page={page}&per_page=7")).json();
        assert_eq!(list["count"], 60);
        seen.extend(ids(&list, "users", "cId"));
        assert_eq!(list["previous_page"].is_null(), page == 1);
        if list["next_page"].is_null() {
            break;
        }
        page += 1;
    }
    assert_eq!(page, 9);
    assert_eq!(seen, (50_001..=50_060).collect::<Vec<_>>());
    let beyond = host.get("/users.json?page=99&per_page=7").json();
    assert_eq!((&beyond["users"], &beyond["count"]), (&json!([]), &json!(60)));
}

#[test]
fn page_sizes_are_those_of_the_pages_of_the_interface() {
    let host = Host::new();
    let rows = |path: &str, key: &str| host.get(path).json()[key].as_array().unwrap().len();
    assert_eq!(rows("/tickets.json", "tickets"), 10);
    assert_eq!(rows("/users.json", "users"), 60);
    assert_eq!(rows("/tickets.json?per_page=1000", "tickets"), 80);
    assert_eq!(
        host.get("/customergroups.json?page=2&per_page=1").json()["customergroups"].as_array().unwrap().len(),
        6
    );
    for wrong in ["page=0", "per_page=0", "per_page=many", "page=-1"] {
        assert_eq!(host.get(&format!("/tickets.json?{wrong}")).status, 400, "{wrong}");
    }
    let wide = Host::variant(&["ticket-per-page=100"]);
    assert_eq!(wide.get("/tickets.json").json()["tickets"].as_array().unwrap().len(), 80);
}

#[test]
fn windows_of_time_include_their_ends() {
    let host = Host::new();
    let all = host.get("/tickets.json?per_page=100").json();
    let times: Vec<&str> =
        all["tickets"].as_array().unwrap().iter().map(|row| row["createDT"].as_str().unwrap()).collect();
    let count = |query: &str| host.get(&format!("/tickets.json?{query}")).json()["count"].as_u64().unwrap();
    assert_eq!(count(&format!("created_start={}", times[10])), 70);
    assert_eq!(count(&format!("created_end={}", times[10])), 11);
    let day = &times[10][..10];
    let of_day = u64::try_from(times.iter().filter(|time| time.starts_with(day)).count()).unwrap();
    assert_eq!(count(&format!("created_start={day}&created_end={day}")), of_day);
    assert!(of_day > 0);
    assert_eq!(count("updated_start=2100-01-01"), 0);
    for wrong in ["created_start=yesterday", "created_end=2025-02-30", "created_order=up", "colour=red", "deStat=1"] {
        let reply = host.get(&format!("/tickets.json?{wrong}"));
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(reply.json()["errmsg"].as_str().unwrap().contains(wrong.split('=').next().unwrap()));
    }
}

#[test]
fn orders_are_by_time_and_status_then_id() {
    let host = Host::new();
    let up = ids(&host.get("/tickets.json?per_page=100").json(), "tickets", "ticketId");
    assert!(up.is_sorted());
    let down = ids(&host.get("/tickets.json?per_page=100&created_order=desc").json(), "tickets", "ticketId");
    assert_eq!(down, up.iter().rev().copied().collect::<Vec<_>>());
    let list = host.get("/tickets.json?per_page=100&status_order=desc").json();
    let states: Vec<&str> =
        list["tickets"].as_array().unwrap().iter().map(|r| r["ticketStatus"].as_str().unwrap()).collect();
    assert!(states.is_sorted_by(|a, b| a >= b));
    host.put("/tickets/900040.json", &json!({"ticket": {"priorityLevel": 4}}));
    let list = host.get("/tickets.json?per_page=1&updated_order=desc").json();
    assert_eq!(list["tickets"][0]["ticketId"], "900040");
}

#[test]
fn deleted_records_are_hidden_unless_asked_for() {
    let host = Host::new();
    host.delete("/users/50003.json");
    let count = |query: &str| host.get(&format!("/users.json?{query}")).json()["count"].as_u64().unwrap();
    assert_eq!((count("deStat=0"), count("deStat=1"), count("")), (59, 60, 59));
    let many = host.get("/users/show_many.json?ids=50004,50003,50001,1").json();
    assert_eq!(ids(&many, "users", "cId"), [50_004, 50_001]);
}

#[test]
fn records_of_one_owner_are_listed() {
    let host = Host::new();
    let all = host.get("/users.json?per_page=1000").json();
    let of_company: HashSet<String> = all["users"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["companyId"] == "20001")
        .map(|row| row["cId"].as_str().unwrap().to_owned())
        .collect();
    assert!(!of_company.is_empty());
    let contacts = host.get("/companies/20001/users.json").json();
    let found: HashSet<String> = ids(&contacts, "users", "cId").iter().map(i64::to_string).collect();
    assert_eq!(found, of_company);
    let tickets = host.get("/companies/20001/tickets.json?per_page=100").json();
    let tickets = tickets["tickets"].as_array().unwrap();
    assert!(!tickets.is_empty());
    assert!(tickets.iter().all(|ticket| of_company.contains(ticket["custUserId"].as_str().unwrap())));
    assert_eq!(host.get("/companies/1/tickets.json").status, 404);
}

#[test]
fn search_takes_terms_that_must_all_hold() {
    let host = Host::new();
    let all = host.get("/tickets.json?per_page=100").json();
    let expected: Vec<i64> = all["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["createDT"].as_str().unwrap().starts_with("2025-02") && row["ticketStatus"] == "4")
        .map(|row| row["ticketId"].as_str().unwrap().parse().unwrap())
        .collect();
    let search =
        "/tickets/search.json?query=createDT:2025-02 ticketStatus:4&sort_by=createDT&sort_order=desc&per_page=1000";
    let found = host.get(search).json();
    assert_eq!(found["tickets"]["count"], expected.len().to_string());
    assert_eq!(ids(&found["tickets"], "results", "ticketId"), expected.iter().rev().copied().collect::<Vec<_>>());
    let by_contact = host.get("/tickets/search.json?query=custUserId:50048").json();
    assert!(ids(&by_contact["tickets"], "results", "ticketId").contains(&900_001));
    let contact = host.get("/users/search.json?query=mobile:13000000005").json();
    assert_eq!(ids(&contact, "users", "cId"), [50_005]);
    for wrong in ["query=printer", "query=colour:red", "query=ticketStatus:4&sort_by=colour"] {
        assert_eq!(host.get(&format!("/tickets/search.json?{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn the_same_seed_makes_the_same_account() {
    let records = |seed| {
        let host = Host::with(|options| options.seed = Some(seed));
        host.raw("GET /sandbox/state.json?records=1 HTTP/1.1\n", b"").json()["records"].clone()
    };
    let first = records(7);
    assert_eq!(first, records(7));
    assert_ne!(first, records(8));
    for (entity, id) in [
        ("customers", 50_001),
        ("companies", 20_001),
        ("customer-groups", 1),
        ("tickets", 900_001),
        ("agents", 7_001),
        ("agent-groups", 301),
        ("ticket-templates", 4),
    ] {
        assert_eq!(first[entity][0]["id"], id, "{entity}");
    }
}

#[test]
fn an_account_without_seed_has_agents_groups_and_templates_alone() {
    let host = Host::with(|options| options.seed = None);
    let state = host.state();
    assert_eq!(state["stored"], json!({"agents": 8, "agent-groups": 3, "ticket-templates": 3}));
    assert_eq!(host.get("/users.json").json()["count"], 0);
}

#[test]
fn a_seed_can_be_large() {
    let host = Host::with(|options| options.seed_size = "customers=3000,tickets=2000".parse().unwrap());
    assert_eq!((host.stored("customers"), host.stored("tickets"), host.stored("companies")), (3000, 2000, 20));
    let last = host.get("/users.json?page=30&per_page=100").json();
    assert_eq!(ids(&last, "users", "cId").last(), Some(&53_000));
    assert_eq!(last["next_page"], Value::Null);
}
