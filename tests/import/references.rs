//! Rows that say which record they mean by a name, a telephone number or a login: found in the account's own lists, or not sent.

use crate::harness::*;

/// A field of the records that a run made, as the sandbox has them now.
fn stored(work: &Work, server: &Server, entity: &str, results: &Table, label: &str) -> Vec<String> {
    work.on(server, &format!("export {entity} -o stored.csv --raw")).exits(0);
    let stored = work.table("stored.csv");
    let id = if entity == "tickets" { "Ticket ID" } else { "Customer ID" };
    let (ids, values) = (stored.column(id), stored.column(label));
    let of = |id: &&str| ids.iter().position(|own| own == id).map(|at| values[at].to_owned()).unwrap_or_default();
    results.column("id").iter().map(of).collect()
}

#[test]
fn a_company_is_meant_by_its_name_or_its_id() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司名称\n示例甲,13100000001,示例公司00002有限公司\n示例乙,13100000002, 示例公司００００３有限公司\n\
         示例丙,13100000003,示例公司99999有限公司\n",
    );
    let ran = work.on(&server, "import customers mine.csv --lang zh");
    ran.exits(3).says("公司名称 → 公司名称").says("账号中没有这个公司").says("20002（示例公司00002有限公司）");
    let results = work.results();
    assert_eq!(results.column("status"), ["created", "created", "refused"]);
    assert_eq!(results.column("code"), ["", "", "no_such_record"]);
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID"), ["20002", "20003", ""]);
    work.write("ids.csv", "姓名,手机,所属公司编号,公司名称\n示例丁,13100000004,20004,\n示例戊,13100000005,29999,\n\
                           示例己,13100000006,20005,示例公司00006有限公司\n示例庚,13100000007,20006,示例公司00006有限公司\n");
    work.on(&server, "import customers ids.csv --run ids").exits(3);
    let results = work.table("ids/results.csv");
    assert_eq!(results.column("code"), ["", "no_such_record", "record_disagrees", ""]);
}

#[test]
fn a_ticket_says_who_it_is_of_and_who_takes_care_of_it_in_words() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "标题,客户手机,客户姓名,处理客服,客服组,工单模板\n\
         示例一,13000000007,,示例客服02,,\n\
         示例二,13000000008,示例联系人00009,,,\n\
         示例三,,示例联系人00010,7003,,\n\
         示例四,13999999999,,,,\n\
         示例五,,,,,\n",
    );
    work.on(&server, "import tickets mine.csv").exits(3);
    let results = work.results();
    assert_eq!(results.column("code"), ["", "record_disagrees", "", "no_such_record", "one_of"]);
    assert_eq!(stored(&work, &server, "tickets", &results, "Customer ID"), ["50007", "", "50010", "", ""]);
    assert_eq!(stored(&work, &server, "tickets", &results, "Assignee ID"), ["7002", "", "7003", "", ""]);
}
