//! Literal wire transcripts of what is known of the interface, each a request and the shape of its answer. Client and
//! server both read the embedded catalog, so a mistake in it would cancel itself out; these hold it to the facts.
//! Sources in brackets are explained in `docs/api-sources.md`.

use serde_json::{Value, json};

use super::host::{AGENT, Host, KEY_PAIR, MAIN, Reply};

/// One fact.
struct Fact {
    says: &'static str,
    variants: &'static [&'static str],
    login: &'static str,
    request: &'static str,
    body: &'static str,
    status: u16,
    location: Option<&'static str>,
    /// The answer; see [`fits`].
    answer: Value,
}

/// A GET by the main account, answered 200.
fn get(says: &'static str, target: &'static str, answer: Value) -> Fact {
    Fact { says, variants: &[], login: MAIN, request: target, body: "", status: 200, location: None, answer }
}

/// A write by the main account.
fn send(says: &'static str, request: &'static str, body: &'static str, status: u16, answer: Value) -> Fact {
    Fact { says, variants: &[], login: MAIN, request, body, status, location: None, answer }
}

impl Fact {
    fn with(self, variants: &'static [&'static str]) -> Fact {
        Fact { variants, ..self }
    }

    fn by(self, login: &'static str) -> Fact {
        Fact { login, ..self }
    }

    fn status(self, status: u16) -> Fact {
        Fact { status, ..self }
    }

    fn located(self, location: &'static str) -> Fact {
        Fact { location: Some(location), ..self }
    }
}

fn contact() -> Value {
    json!({"cId": "<digits>", "url": "<address>", "name": "<text>", "mobile": "<text>", "fixnumber": "<text>",
           "email": "<text>", "position": "<text>", "state": "<digits>", "QQ": "<text>", "note": "<text>",
           "companyId": "<text>", "uniqueId": "<text>", "supportId": "<digits>", "createrId": "<text>",
           "default": "<digits>", "createDT": "<time>", "updateDT": "<time>", "userGroup": "<text>",
           "tableName": "<text>", "custom_fields": [{"key": "<text>", "value": "<text>"}]})
}

fn company() -> Value {
    json!({"uId": "<digits>", "url": "<address>", "companyName": "<text>", "supportId": "<digits>",
           "servicestarttime": "<text>", "serviceendtime": "<text>", "userURL": "<text>", "serveNote": "<text>",
           "serviceCharge": "<text>", "serviceaccount": "<text>", "servicepassword": "<text>", "address": "<text>",
           "createDT": "<time>", "updateDT": "<time>", "custom_fields": [{"key": "<text>", "value": "<text>"}],
           "userGroup": "<digits>", "tableName": "<text>", "province": "<text>", "city": "<text>",
           "status": "<digits>", "service_groupid": "<text>"})
}

fn ticket() -> Value {
    json!({"ticketId": "<digits>", "subject": "<text>", "descript": "<text>", "descriptattachments": "<any>", "custUserId": "<digits>",
           "servicerUserId": "<text>", "servicerGroupId": "<text>", "ccUserIdList": "<text>", "ccGroupIdList": "<text>",
           "ticketType": "<digits>", "priorityLevel": "<digits>", "ticketStatus": "<digits>", "tagList": "<text>",
           "ticketTemplateId": "<text>", "customTemplateId": "<text>", "createrId": "<digits>", "createrType": "<digits>",
           "ticketSource": "<text>", "agentId": "<digits>", "createDT": "<time>", "updateDT": "<time>",
           "openDT": "<text>", "waitDT": "<text>", "solveDT": "<text>", "closeDT": "<text>",
           "currentNodeField": "<text>", "currentNodeFieldValue": "<text>", "nodeFieldIntoTime": "<text>",
           "workflow_id": "<text>", "workflow_node_id": "<text>", "queryIDs": "<text>", "isDeleted": "0",
           "deleterId": "0", "deleteDT": "", "url": "<address>", "custom_fields": [{"key": "<text>", "value": "<text>"}]})
}

fn agent() -> Value {
    json!({"sId": "<digits>", "url": "<address>", "sPassportName": "<text>", "groupId": "<digits>", "sNum": "<text>",
           "name": "<text>", "gnder": "<digits>", "email": "<text>", "fixnumber": "<text>", "mobile": "<text>",
           "QQ": "<text>", "isAdmin": "<digits>", "isStat": "<digits>", "createDT": "<time>"})
}

fn knowledge() -> Value {
    json!({"kId": "<digits>", "url": "<address>", "sQuestion": "<text>", "sAnswer": "<text>", "sAttachment": "<any>",
           "servicerId": "<digits>", "state": "<digits>", "reviewerId": "<digits>", "goodRate": "<text>",
           "badRate": "<text>", "adoptCount": "<digits>", "isFAQ": "<digits>", "relatedQuestion": "<text>",
           "similarQuestion": [{"id": "<digits>", "sqname": "<text>"}], "createDT": "<time>", "updateDT": "<time>",
           "fId": "<digits>"})
}

fn facts() -> Vec<Fact> {
    let page = |key: &str, row: Value, count: Value, next: &str| json!({ key: [row], "count": count, "next_page": next, "previous_page": null });
    let unknown_path = json!({"errcode": "100047", "errmsg": "Invalid resource URI"});
    let user_error = json!({"state": "403", "message": "user error"});
    let bound = json!({"data": true, "msg": "success"});
    vec![
        // Login and paths.
        get("an unknown path has a code of its own (S1)", "GET /api/v1/nonsense.json", unknown_path.clone()).status(404),
        get("a wrong login is refused with 401 (S1)", "GET /api/v1/tickets.json", json!({"errcode": "<text>", "errmsg": "<text>"}))
            .by("Basic bm9ib2R5Om5vdGhpbmc=")
            .status(401),
        get("a list for administrators is closed to an agent (S4)", "GET /api/v1/tickets.json", json!({"errcode": "<text>", "errmsg": "<text>"}))
            .by(AGENT)
            .status(403),
        get("a refusal may come under 200 (G1)", "GET /api/v1/nonsense.json", unknown_path).with(&["errors=200"]),
        get("a GET path answers without .json (G1)", "GET /api/v1/supportgroups/301", json!({"supportgroup": {"sgId": "301", "sgName": "<text>"}})),
        get("the account endpoint knows the main account (G1)", "GET /api/v1/agent/agent_info.json", json!({"agent_info": "<any>"})),
        get("and tells others that they are not it (G1)", "GET /api/v1/agent/agent_info.json", json!({"errcode": "<text>", "errmsg": "不是主账号"}))
            .by(AGENT)
            .status(403),
        // Contacts.
        get("contacts are listed under users (S1)", "GET /api/v1/users.json?page=1&per_page=1",
            page("users", contact(), json!(60), "https://www.bangwo8.com/api/v1/users.json?per_page=1&page=2")),
        get("a list may carry its count as a string and nothing else (S1)", "GET /api/v1/users.json?per_page=1",
            json!({"users": [contact()], "count": "60"})).with(&["count=string", "next-page=absent"]),
        get("a contact is answered under user (G1)", "GET /api/v1/users/50001.json", json!({"user": contact()})),
        get("or as a list of one (G1)", "GET /api/v1/users/50001.json", json!({"user": [contact()]})).with(&["single=list"]),
        get("the v2 address of a contact (S9)", "GET /api/v1/users_v2/50001.json", {
            let mut contact = contact();
            contact.as_object_mut().unwrap().remove("uniqueId");
            contact["custom_fields"] = json!([{"key": "field_1", "value": "<digits>"}, {"key": "field_2", "value": "<text>"}]);
            json!({"user": contact})
        }),
        send("a contact is created wrapped in user (pattern of S12)", "POST /api/v1/users.json",
            r#"{"user":{"name":"Test One","mobile":"13100000001","companyId":"20001","tableName":"vip,north","custom_fields":[{"key":"field_1","value":"金"}]}}"#,
            200, json!({"users": contact()})).located("https://www.bangwo8.com/api/v1/users/50061.json"),
        send("a landline is enough (S9)", "POST /api/v1/users.json",
            r#"{"user":{"fixnumber":"010-12345678","companyId":20001}}"#, 200, json!({"users": "<any>"})),
        send("but one of the two is needed (S9)", "POST /api/v1/users.json",
            r#"{"user":{"name":"Nobody","companyId":"20001"}}"#, 400, json!({"errcode": "<text>", "errmsg": "<text>"})),
        send("a contact needs a company in 2B mode (S9)", "POST /api/v1/users.json",
            r#"{"user":{"mobile":"13100000002"}}"#, 400, json!({"errcode": "<text>", "errmsg": "<text>"})),
        send("and none in 2C mode (S9)", "POST /api/v1/users.json",
            r#"{"user":{"mobile":"13100000002","userGroup":"6"}}"#, 200, json!({"users": "<any>"})).with(&["mode=2c"]),
        // Companies.
        get("companies are listed (S10)", "GET /api/v1/companies.json?created_start=2025-01-01%2000:00:00&created_end=2025-01-01&per_page=1",
            json!({"companies": [company()], "count": 1, "next_page": null, "previous_page": null})),
        get("a company is answered under company (G1)", "GET /api/v1/companies/20001.json", json!({"company": company()})),
        send("a company needs its name (S10)", "POST /api/v1/companies.json",
            r#"{"company":{"address":"1 Example Road"}}"#, 400, json!({"errcode": "<text>", "errmsg": "<text>"})),
        send("a company is created wrapped in company (pattern of S12)", "POST /api/v1/companies.json",
            r#"{"company":{"companyName":"Example Trading","userGroup":1,"servicestarttime":"2026-01-01","tableName":"vip","custom_fields":[{"key":"field_10","value":"零售"}]}}"#,
            200, json!({"companies": company()})).located("https://www.bangwo8.com/api/v1/companies/20021.json"),
        get("company field definitions (S11)", "GET /api/v1/companies/company_fields.json",
            json!({"company_fields": [{"id": "<digits>", "url": "<address>", "name": "<text>", "key": "<text>", "type": "<digits>",
                   "system": "<digits>", "custom_field_options": "<any>"}]})),
        // Customer groups.
        get("groups are listed without paging members (S12)", "GET /api/v1/customergroups.json",
            json!({"customergroups": [{"groupId": "<digits>", "url": "<address>", "groupName": "<text>", "type": "<digits>"}]})),
        get("a group is answered under customergroup (S12)", "GET /api/v1/customergroups/1.json",
            json!({"customergroup": {"groupId": "1", "url": "<address>", "groupName": "<text>", "type": "1"}})),
        get("several groups by id (S12)", "GET /api/v1/customergroups/show_many.json?ids=1,2",
            json!({"customergroups": [{"groupId": "<digits>", "url": "<address>", "groupName": "<text>", "type": "<digits>"}]})),
        send("a new group comes back under the plural key with 200 and Location (S12)", "POST /api/v1/customergroups.json",
            r#"{"customergroup":{"groupName":"Gold","type":"1"}}"#, 200,
            json!({"customergroups": {"groupId": 7, "url": "<address>", "groupName": "Gold", "type": 1}}))
            .with(&["numbers=number"]).located("https://www.bangwo8.com/api/v1/customergroups/7.json"),
        send("a group is changed by PUT (S12)", "PUT /api/v1/customergroups/1.json",
            r#"{"customergroup":{"groupName":"Silver"}}"#, 200,
            json!({"customergroup": {"groupId": "1", "url": "<address>", "groupName": "Silver", "type": "1"}})),
        // Tickets.
        get("tickets are listed with links to the neighbour pages (S2)", "GET /api/v1/tickets.json?page=2&per_page=1",
            json!({"tickets": [ticket()], "count": 80, "next_page": "https://www.bangwo8.com/api/v1/tickets.json?per_page=1&page=3",
                   "previous_page": "https://www.bangwo8.com/api/v1/tickets.json?per_page=1&page=1"})),
        get("tickets by time and order (S4)", "GET /api/v1/tickets.json?updated_start=2025-01-01%2000:00:00&updated_order=desc&status_order=asc&per_page=100",
            json!({"tickets": [ticket()], "count": 80, "next_page": null, "previous_page": null})),
        get("tickets of a company (S4)", "GET /api/v1/companies/20001/tickets.json?per_page=100",
            json!({"tickets": [ticket()], "count": "<number>", "next_page": null, "previous_page": null})),
        get("tickets of a contact (S4)", "GET /api/v1/users/50048/tickets.json?per_page=100",
            json!({"tickets": [ticket()], "count": "<number>", "next_page": null, "previous_page": null})),
        get("a ticket is answered as a list of one (G1, G2)", "GET /api/v1/tickets/900001.json", json!({"ticket": [ticket()]})),
        get("the v2 address of a ticket (G3)", "GET /api/v1/tickets/900001_v2.json", json!({"ticket": [ticket()]})),
        get("search answers ids and a count inside tickets (G1)",
            "GET /api/v1/tickets/search.json?query=createDT:2025-01%20ticketTemplateId:4&sort_by=createDT&sort_order=asc&page=1&per_page=1000",
            json!({"tickets": {"count": "<digits>", "results": [{"ticketId": "<digits>"}]}})),
        send("a ticket is created at this path (S2)", "POST /api/v1/tickets.json",
            r#"{"ticket":{"subject":"Printer offline","descript":"Cannot print","custUserId":"50001","servicerUserId":"7001","priorityLevel":"2","ticketStatus":"1","ticketTemplateId":"4","custom_fields":[{"key":"field_12","value":"81001"}]}}"#,
            200, json!({"tickets": ticket()})).located("https://www.bangwo8.com/api/v1/tickets/900081.json"),
        send("an update takes JSON numbers, a reply and a named custom field (G2)", "PUT /api/v1/tickets/900001.json",
            r#"{"ticket":{"subject":"New","descript":"Text","ticketStatus":4,"priorityLevel":3,"ticketTemplateId":4,"ticketReply":{"replyMsg":"Fixed"},"custom_fields":[{"key":"plan_time","value":"2025-02-01"}]}}"#,
            200, json!({"ticket": [ticket()]})),
        get("all ticket fields (G1)", "GET /api/v1/tickets/ticket_fields2.json",
            json!({"ticket_fields": [{"id": "<digits>", "url": "<address>", "name": "<text>", "key": "<text>", "type": "<digits>",
                   "system": "<digits>", "custom_field_options": "<any>"}]})),
        get("custom ticket fields (G1)", "GET /api/v1/tickets/ticket_fields.json",
            json!({"ticket_fields": [{"id": "<digits>", "url": "<address>", "name": "<text>", "key": "<text>", "type": "<digits>",
                   "system": "0", "custom_field_options": "<any>"}]})),
        get("templates, all values strings (S5)", "GET /api/v1/tickettemplates.json",
            json!({"tickettemplates": [{"tId": "<digits>", "url": "<address>", "ticketTemplateName": "<text>",
                   "ticketTemplateDescription": "<text>", "visibleRange": "<digits>", "servicerGroupId": "<text>", "servicerId": "<text>",
                   "isReleased": "<digits>", "creatorId": "<digits>", "createDT": "<time>"}]})),
        get("an unknown template is an empty list (G1)", "GET /api/v1/tickettemplates/99.json", json!({"tickettemplate": []})),
        // Agents.
        get("agents are listed with a count as string (S8, S1)", "GET /api/v1/supports.json?created_order=asc&page=1",
            json!({"supports": [agent()], "count": "8"})).with(&["count=string", "next-page=absent"]),
        get("an agent is answered under support (G1)", "GET /api/v1/supports/7001.json", json!({"support": agent()})),
        send("a write may answer without any id (S1)", "POST /api/v1/supports.json",
            r#"{"support":{"sPassportName":"agent99","sNum":"0099","name":"Agent"}}"#, 200,
            json!({"status": "0", "message": "Insert ok", "data": false})),
        // Bindings.
        send("a binding is added bare (S13)", "POST /api/v1/user/relationship/cid.json",
            r#"{"cId":"50002","openId":"ext-9001","appId":"","account_source":"open"}"#, 200, bound.clone()),
        send("not for an unknown contact (S13)", "POST /api/v1/user/relationship/cid.json",
            r#"{"cId":"1","openId":"ext-9001","account_source":"open"}"#, 403, user_error.clone()),
        send("nor twice (S13)", "POST /api/v1/user/relationship/cid.json",
            r#"{"cId":"50001","openId":"ext-9001","account_source":"open"}"#, 403,
            json!({"state": "403", "message": "Bind Already exists"})),
        get("a binding is asked for by contact and source (S13)", "GET /api/v1/user/relationship/cid.json?cId=50001&account_source=open",
            json!({"data": [{"aId": "<digits>", "cId": "50001", "account": "<text>", "remark": "", "templateId": "0",
                   "openId": "ext-00001", "appId": "", "account_source": "open"}], "msg": "success"})),
        get("or by identity (S13)", "GET /api/v1/user/relationship/cid.json?openId=ext-00001&account_source=open",
            json!({"data": "<any>", "msg": "success"})).by(AGENT),
        get("both must belong together (S13)", "GET /api/v1/user/relationship/cid.json?cId=50004&openId=ext-00001&account_source=open",
            user_error).status(403),
        get("the source is required (S13)", "GET /api/v1/user/relationship/cid.json?cId=50001",
            json!({"state": "403", "message": "<text>"})).status(403),
        send("a binding is changed by PUT (S13)", "PUT /api/v1/user/relationship/cid.json",
            r#"{"cId":"50001","openId":"ext-new","account_source":"open"}"#, 200, bound),
        // Service records, knowledge, forms.
        get("chats (S14a, S14b)", "GET /api/v1/imchat/histories.json?starttime=2025-1-1&endtime=2025-1-1&page=1&per_page=100",
            json!({"histories": [{"r_id": "<digits>", "type": "<digits>", "support_id": "<digits>", "support_name": "<text>",
                   "uname": "<text>", "start_time": "<time>", "end_time": "<time>", "client_ip": "<text>", "ip_info": "<text>",
                   "evaluate": "<digits>", "evaluate_time": "<time>", "evaluate_remark": "<text>", "end_type": "<digits>",
                   "servicer_msg_count": "<digits>", "client_msg_count": "<digits>", "first_response": "<digits>",
                   "response_speed": "<digits>", "chat_clue": "<text>", "contents": "<address>"}],
                   "count": 15, "next_page": null, "previous_page": null})),
        get("messages of a chat (S14a)", "GET /api/v1/imchat/chatrecords/121.json",
            json!({"chatrecords": [{"spokesman": "<text>", "spokesman_identity": "<digits>", "msg": "<text>", "create_time": "<time>"}]})),
        get("calls (S16)", "GET /api/v1/callrecord/histories.json?per_page=1",
            json!({"histories": [{"callid": "<digits>", "direction": "<digits>", "appraise": "<digits>", "fromPhone": "<digits>",
                   "toPhone": "<digits>", "Transfer": "<digits>", "TransferTime": "", "TransferToAgentid": "<digits>",
                   "agentid": "<digits>", "digits": "<digits>", "fromattr": "<text>", "CallSummary": "<text>", "alertingTime": "<time>",
                   "starttime": "<time>", "endtime": "<time>", "sstime": "<time>", "setime": "<time>", "eventFlowState": "<digits>",
                   "callduration": "<digits>", "seccallduration": "<digits>", "recordurl": "<text>"}],
                   "count": 20, "next_page": "<address>", "previous_page": null})),
        get("knowledge without category (S17)", "GET /api/v1/knowledge.json?fId=not",
            json!({"knowledge": [knowledge()], "count": 2, "next_page": null, "previous_page": null})),
        get("one entry (S17)", "GET /api/v1/knowledge/1001.json", json!({"knowledge": knowledge()})),
        get("fields of a form, cascades with their next level (S18)", "GET /api/v1/forms/1/form_fields.json",
            json!({"form_fields": [{"id": "<digits>", "url": "<address>", "name": "<text>", "key": "<text>", "type": "<digits>",
                   "system": "0", "custom_field_options": "<any>"}]})),
    ]
}

#[test]
fn every_fact_of_the_notes_holds_on_the_wire() {
    let mut wrong = Vec::new();
    for fact in facts() {
        let host = Host::variant(fact.variants);
        let kind = if fact.body.is_empty() { "" } else { "Content-Type: application/json\n" };
        let head = format!("{} HTTP/1.1\nAuthorization: {}\n{kind}", fact.request, fact.login);
        let reply = host.raw(&head, fact.body.as_bytes());
        let mut say = |what: String| wrong.push(format!("{}\n  {}\n  {what}", fact.says, fact.request));
        if reply.status != fact.status {
            say(format!("status {} instead of {}: {}", reply.status, fact.status, reply.text()));
            continue;
        }
        if fact.location.is_some() && reply.header("location") != fact.location {
            say(format!("Location {:?}", reply.header("location")));
        }
        if let Err(what) = fits("", &fact.answer, &reply.json()) {
            say(format!("{what}\n  {}", reply.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether `found` is `wanted`, where `<digits>` and its like stand for any such text, an object has exactly the members
/// that are named, and a list holds at least one item, each like the first.
fn fits(place: &str, wanted: &Value, found: &Value) -> Result<(), String> {
    let no = |what: &str| Err(format!("{place}: {what}, not {found}"));
    match (wanted, found) {
        (Value::String(pattern), _) if pattern == "<any>" => Ok(()),
        (Value::String(pattern), Value::Number(_)) if pattern == "<number>" => Ok(()),
        (Value::String(pattern), Value::String(text)) => match pattern.as_str() {
            "<text>" => Ok(()),
            "<digits>" if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
            "<hex40>" if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(()),
            "<time>" if text.len() == 19 && text.as_bytes()[4] == b'-' && text.as_bytes()[13] == b':' => Ok(()),
            "<address>" if text.starts_with("https://www.bangwo8.com/api/v1/") => Ok(()),
            _ if pattern == text => Ok(()),
            _ => no(pattern),
        },
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, pattern) in wanted {
                let Some(value) = found.get(name) else { return Err(format!("{place}.{name} is missing")) };
                fits(&format!("{place}.{name}"), pattern, value)?;
            }
            match found.keys().find(|name| !wanted.contains_key(*name)) {
                Some(name) => Err(format!("{place}.{name} is too much")),
                None => Ok(()),
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.is_empty() == found.is_empty() => {
            if wanted.len() > 1 && wanted.len() != found.len() {
                return Err(format!("{place}: {} items", found.len()));
            }
            for (index, value) in found.iter().enumerate() {
                fits(&format!("{place}[{index}]"), wanted.get(index).unwrap_or(&wanted[0]), value)?;
            }
            Ok(())
        }
        _ if wanted == found => Ok(()),
        _ => no(&wanted.to_string()),
    }
}

fn token(host: &Host, method: &str, login: &str, kind: &str, body: &str) -> Reply {
    host.raw(
        &format!("{method} /api/token.php HTTP/1.1\nAuthorization: {login}\nContent-Type: {kind}\n"),
        body.as_bytes(),
    )
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_token_is_given_for_the_key_pair_and_opens_the_interface() {
    let host = Host::new();
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--x--\r\n";
    for (kind, body) in [("multipart/form-data; boundary=x", multipart), (FORM, "grant_type=client_credentials")] {
        let reply = token(&host, "POST", KEY_PAIR, kind, body);
        let shape = json!({"access_token": "<hex40>", "expires_in": 3600, "token_type": "Bearer", "scope": null});
        fits("token", &shape, &reply.json()).unwrap();
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        let list = host.ask_with("GET", "/tickets.json", &format!("Authorization: Bearer {token}\n"), None);
        assert_eq!(list.status, 200);
    }
    let wrong = host.ask_with("GET", "/tickets.json", "Authorization: Bearer 0123\n", None);
    assert_eq!(wrong.status, 401);
}

#[test]
fn a_token_is_refused_in_the_words_of_the_page() {
    let host = Host::new();
    let refused = |method, login, body| {
        let reply = token(&host, method, login, FORM, body);
        (reply.status, reply.json())
    };
    let good = "grant_type=client_credentials";
    let invalid = json!({"error": "invalid_client", "error_description": "The client credentials are invalid"});
    assert_eq!(refused("POST", MAIN, good), (400, invalid));
    let (status, body) = refused("POST", KEY_PAIR, "grant_type=password");
    assert_eq!((status, &body["error"]), (400, &json!("unsupported_grant_type")));
    let (status, body) = refused("GET", KEY_PAIR, "");
    assert_eq!(status, 405);
    assert_eq!(body["error_uri"], "http://tools.ietf.org/html/rfc6749#section-3.2");
}

#[test]
fn a_token_dies_of_age() {
    let host = Host::variant(&["token-lifetime=1"]);
    let reply = token(&host, "POST", KEY_PAIR, FORM, "grant_type=client_credentials").json();
    assert_eq!(reply["expires_in"], 1);
    let bearer = format!("Authorization: Bearer {}\n", reply["access_token"].as_str().unwrap());
    // Asked until it is refused: how long that takes is not what is tested.
    while host.ask_with("GET", "/tickets.json", &bearer, None).status == 200 {}
    assert_eq!(host.ask_with("GET", "/tickets.json", &bearer, None).status, 401);
}

#[test]
fn without_the_switch_assumed_endpoints_do_not_exist() {
    let host = Host::with(|options| options.assume = bw8::sandbox::Assume::Nothing);
    let group = host.post("/customergroups.json", &json!({"customergroup": {"groupName": "Gold", "type": "1"}}));
    assert_eq!(group.status, 200);
    let user = host.post("/users.json", &json!({"user": {"mobile": "13100000001", "companyId": "20001"}}));
    assert_eq!(user.json(), json!({"errcode": "100047", "errmsg": "Invalid resource URI"}));
    // Switched off, it is not taken for a record called show_many either.
    assert_eq!(host.get("/users/show_many.json?ids=50001").json()["errcode"], "100047");
}
