//! `bw8 entities`: what is known, shown in two languages, with a user's changes.

use bw8::entity::Catalog;

use crate::harness::Work;

fn shown(work: &Work, arguments: &str) -> String {
    work.bw8(format!("entities {arguments}")).exits(0).stdout().to_owned()
}

/// The line of a text that begins with `start`, spaces before it aside.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_else(|| panic!("no {start} in\n{text}"))
}

#[test]
fn every_endpoint_is_listed_with_its_mark_and_source() {
    let work = Work::new();
    let text = shown(&work, "--lang en");
    for entity in Catalog::embedded().entities() {
        assert!(line(&text, &format!("{}  {}", entity.name, entity.en)).contains("port"), "{}", entity.name);
        for endpoint in entity.endpoints.values() {
            assert!(text.contains(&endpoint.path) && text.contains(&endpoint.source), "{}", endpoint.path);
        }
    }
    let customers = text.split("\ncustomers  ").nth(1).unwrap();
    assert_eq!(customers.lines().next(), Some("Customers  import, export"));
    assert!(line(customers, "create").contains("POST /users.json") && line(customers, "create").contains("assumed"));
    assert!(line(customers, "list").contains("confirmed"));
}

#[test]
fn one_entity_is_shown_with_its_fields_in_chinese() {
    let work = Work::new();
    let text = shown(&work, "工单 --lang zh");
    assert!(text.starts_with("tickets  工单  可导入、可导出\n"), "{text}");
    let status = text.split("\n  ticketStatus ").nth(1).unwrap();
    assert!(status.lines().next().unwrap().contains("工单状态"));
    assert!(status.lines().nth(1).unwrap().contains("4=已解决"));
    assert!(line(&text, "subject").contains("必填"));
    assert!(line(&text, "custUserId").contains("建议填写"));
    assert!(line(&text, "createDT").contains("只读"));
}

#[test]
fn json_is_one_document() {
    let work = Work::new();
    let parsed = |arguments: &str| work.bw8(format!("entities {arguments} --format json")).exits(0).json();
    let all = parsed("");
    assert_eq!(all["entities"].as_array().unwrap().len(), Catalog::embedded().entities().len());
    assert_eq!(all["entities"][0]["endpoints"]["create"]["mark"], "assumed");
    let one = parsed("customers");
    let fields = one["entities"][0]["fields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["name"] == "mobile" && field["kind"] == "mobile"));
}

#[test]
fn a_users_changes_are_shown_and_wrong_ones_refused_with_their_place() {
    let work = Work::new();
    work.write("api.toml", "[[customers.custom_fields]]\nkey = \"field_1\"\nlabel = \"客户等级\"\nkind = \"choice\"\nchoices = [\"A\", \"B\"]\n");
    let text = shown(&work, "customers --lang zh");
    assert!(line(&text, "field_1").contains("客户等级"));
    assert!(text.contains("A=A、B=B") && text.contains("自定义字段"));
    work.write("api.toml", "[customers]\n\ncolour = 1\n");
    work.bw8("entities").exits(2).says("api.toml, line 3: customers.colour: there is no setting called colour");
}

#[test]
fn an_unknown_word_is_answered_with_the_known_ones() {
    let work = Work::new();
    work.bw8("entities 客户 --lang zh").exits(2).says("联系人（customers）还是公司（companies）");
}

#[test]
fn an_entity_is_shown_for_the_mode_of_the_account() {
    let work = Work::new();
    let business = shown(&work, "customers --lang en");
    assert!(
        business.contains("account of mode 2B") && line(&business, "companyId").contains("required  "),
        "{business}"
    );
    assert!(business.contains("required: Company ID (2B)") && business.contains("2C accounts only"), "{business}");
    work.write("bw8.toml", "[account.default]\nmode = '2C'\n");
    let consumer = shown(&work, "customers --lang en");
    assert!(
        consumer.contains("account of mode 2C") && !line(&consumer, "companyId").contains("required  "),
        "{consumer}"
    );
    assert!(!consumer.contains("required: Company ID"), "{consumer}");
    assert_eq!(shown(&work, "customers --lang en --account-mode 2b"), business);
    // An entity that is the same in both says nothing of it.
    assert!(!shown(&work, "tags --lang en").contains("account of mode"));
}

#[test]
fn an_entity_that_only_the_corrections_know_is_listed_with_the_others() {
    let work = Work::new();
    let overlay = "[sms]\nzh = '短信'\nen = 'Text messages'\n[sms.endpoints.create]\nmethod = 'POST'\npath = '/sms.json'\n\
                   [[sms.fields]]\nname = 'content'\nzh = '短信内容'\nen = 'Content'\nkind = 'text'\nrequired = true\n";
    work.write("api.toml", overlay);
    let all = shown(&work, "--lang en");
    assert!(line(&all, "sms  Text messages").ends_with("import"), "{all}");
    assert!(line(&shown(&work, "短信 --lang en"), "content").contains("required"));
}
