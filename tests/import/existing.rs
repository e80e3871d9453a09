//! An account that already has these people: looked for in its own list before anything is sent.

use crate::harness::*;

const PEOPLE: &str = "姓名,手机,公司编号\n示例甲,13000000001,20001\n示例乙,13100000002,20001\n";

/// A service that lists by `list` and makes every record that is sent.
fn service(mut list: impl FnMut(&Request) -> (u16, String) + Send + 'static) -> Service {
    let mut made = 0;
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users.json") => list(request),
        ("POST", "/users.json") => {
            made += 1;
            (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 90_000 + made))
        }
        _ => unknown(),
    })
}

fn created(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "POST").count()
}

#[test]
fn rows_whose_record_is_there_wait_for_consent_by_name() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::with("mine.csv", PEOPLE);
    let stored = server.stored("customers");
    let requests = server.requests();
    work.bw8("check customers mine.csv").exits(0);
    assert_eq!(server.requests(), requests, "a check stays offline");
    work.on(&server, "import customers mine.csv --dry-run")
        .exits(3)
        .says("1 row waits for your consent")
        .says("the account has 1 customer");
    let ran = work.on(&server, "import customers mine.csv");
    ran.exits(3).says("the account has 1 customer of this file already");
    ran.says("--mode update").says("--accept-warnings=exists_in_account");
    assert_eq!(work.results().column("status"), ["held", "created"]);
    assert_eq!(work.results().column("code"), ["exists_in_account", ""]);
    assert!(work.read(work.run_folder().join("results.csv")).contains("the account has record 50001"));
    assert_eq!(server.stored("customers"), stored + 1);
    // What may double is never covered by consent to whatever it may be.
    work.on(&server, "import customers mine.csv --accept-warnings").exits(3);
    assert_eq!(server.stored("customers"), stored + 1);
    work.on(&server, "import customers mine.csv --accept-warnings=exists_in_account").exits(0);
    assert_eq!(work.results().column("status"), ["created", "created"]);
    assert_eq!(server.stored("customers"), stored + 2);
}

#[test]
fn consent_in_the_failed_file_sends_the_row_once() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::with("mine.csv", PEOPLE);
    let stored = server.stored("customers");
    work.on(&server, "import customers mine.csv --run first").exits(3);
    let mut failed = work.table("first/failed.csv");
    assert_eq!(failed.column("bw8_status"), ["held"]);
    let ran = work.on(&server, "retry first/failed.csv --run unchanged");
    // Only what a retry takes is named, and the command that takes the other.
    ran.exits(3).says("确认导入").says("import the first file with --mode skip-existing or --mode upsert: mine.csv");
    assert_eq!(server.stored("customers"), stored + 1);
    work.write_table("confirmed.csv", failed.set(0, "confirm import", "yes"));
    work.on(&server, "retry confirmed.csv --run confirmed").exits(0);
    work.on(&server, "retry confirmed.csv --run confirmed").exits(0);
    assert_eq!(server.stored("customers"), stored + 2);
}

#[test]
fn companies_are_known_by_their_name_and_people_by_their_landline_too() {
    let server = Server::start("");
    let work = Work::with("companies.csv", "公司名称\n示例公司00001有限公司\n示例公司甲\n");
    work.on(&server, "import companies companies.csv --run companies --lang zh").exits(3).says("其中 1 家公司的");
    assert_eq!(work.table("companies/results.csv").column("status").len(), 2);
    assert_rows(&work.summary_of("companies"), "created 1, held 1");
    work.write("people.csv", "姓名,固话,公司编号\n示例联系人00004,010-00000004,20001\n示例丙,010-00000004,20001\n");
    work.on(&server, "import customers people.csv --run people").exits(3);
    assert_rows(&work.summary_of("people"), "created 1, held 1");
}

#[test]
fn a_list_that_is_refused_is_said_and_stops_nothing() {
    for answer in [unknown(), (403, "{}".to_owned()), (200, "{\"other\":1}".to_owned())] {
        let service = service(move |_| answer.clone());
        let work = Work::at(&service.base_url());
        work.write("mine.csv", PEOPLE);
        let ran = work.bw8("import customers mine.csv --no-canary");
        ran.exits(0).says("nobody looked whether the account has these");
        assert_eq!(created(&service), 2);
    }
}

#[test]
fn a_list_of_more_than_a_hundred_pages_is_not_read() {
    let ids: Vec<u64> = (1..=10_001).collect();
    let long = service(move |request| (200, page(&ids, request, 100, Some("10001"))));
    let work = Work::at(&long.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --no-canary").exits(0).says("more than 100 pages");
    assert_eq!(created(&long), 2);
    // The first page tells how many there are; the last one, and that none follows it, which id is the highest. Two more were to
    // ask for companies, with deleted ones and without.
    assert_eq!(long.requests().len(), 8);
}

#[test]
fn a_list_of_several_pages_is_read_to_its_end() {
    for count in [Some("250"), None] {
        let ids: Vec<u64> = (1..=250).collect();
        let service = service(move |request| {
            let text = page(&ids, request, 100, count);
            (200, text.replace("示例 250\",\"mobile\":\"13000000000", "示例 250\",\"mobile\":\"13000000001"))
        });
        let work = Work::at(&service.base_url());
        work.write("mine.csv", PEOPLE);
        work.bw8("import customers mine.csv --no-canary").exits(3).says("the account has 1 customer");
        assert!(work.read(work.run_folder().join("results.csv")).contains("the account has record 250"), "{count:?}");
        assert_eq!(created(&service), 1);
    }
}

#[test]
fn a_deleted_record_is_not_there() {
    let service = service(|request| {
        let text = page(&[7], request, 100, Some("1")).replace("\"state\":\"1\"", "\"state\":\"3\"");
        (200, text.replace("13000000000", "13000000001"))
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --no-canary").exits(0).never_says("the account has");
}

#[test]
fn what_own_runs_have_made_is_no_news() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::new();
    work.write_table("a.csv", &customers(1, 3));
    work.on(&server, "import customers a.csv --run a").exits(0);
    let lists = server.requests();
    work.on(&server, "import customers a.csv --run a").exits(0).says("done before");
    assert_eq!(server.requests(), lists, "nothing is looked for when nothing is made");
    work.write_table("b.csv", &customers(1, 5));
    work.on(&server, "import customers b.csv --run b").exits(0).never_says("the account has");
    assert_rows(&work.summary_of("b"), "created 2, skipped 3");
    // Who sends them once more on purpose is not asked because of them.
    work.on(&server, "import customers b.csv --fresh --run again").exits(0).says("second time");
    assert_rows(&work.summary_of("again"), "created 5");
}

/// Whoever was told that a record is there is not overruled by a list that cannot be read.
#[test]
fn a_row_that_waits_goes_on_waiting_when_nobody_can_look() {
    let mut lists = 0;
    let service = service(move |request| {
        lists += 1;
        match lists {
            1 => (200, page(&[7], request, 100, Some("1")).replace("13000000000", "13000000001")),
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --no-canary --run mine").exits(3);
    work.bw8("import customers mine.csv --no-canary --run mine --accept-warnings").exits(3);
    work.bw8("retry mine --no-canary --run again").exits(3).says("nobody looked");
    assert_eq!(created(&service), 1);
    work.bw8("import customers mine.csv --no-canary --run mine --accept-warnings=exists_in_account").exits(0);
    assert_eq!(created(&service), 2);
}

/// The row of the file that is there already stands on the third page.
fn of_three_pages(beside: impl Fn(usize, usize) -> String + Send + 'static, from_zero: bool) -> Service {
    let ids: Vec<u64> = (1..=250).collect();
    service(move |request| {
        let size = request.number_of("per_page").clamp(1, 100);
        let number = request.number_of("page") + usize::from(from_zero);
        let start = number.saturating_sub(1) * size;
        let records: Vec<String> = ids.iter().skip(start).take(size).map(|id| customer(*id)).collect();
        let text = format!("{{\"users\":[{}]{}}}", records.join(","), beside(records.len(), start));
        (200, text.replace("示例 250\",\"mobile\":\"13000000000", "示例 250\",\"mobile\":\"13000000001"))
    })
}

#[test]
fn a_total_that_is_not_that_of_the_list_hides_nobody() {
    let of_page = |length: usize, _: usize| format!(",\"count\":{length}");
    let none = |_: usize, _: usize| ",\"count\":0,\"next_page\":\"https://www.example.com/next\"".to_owned();
    let pages = |_: usize, _: usize| ",\"count\":3".to_owned();
    for service in [of_three_pages(of_page, false), of_three_pages(pages, false), of_three_pages(none, false)] {
        let work = Work::at(&service.base_url());
        work.write("mine.csv", PEOPLE);
        work.bw8("import customers mine.csv --no-canary").exits(3).says("the account has 1 customer");
        assert_eq!(created(&service), 1);
    }
    let service = of_three_pages(|_, _| ",\"count\":250".to_owned(), true);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --no-canary").exits(3).says("the account has 1 customer");
}

#[test]
fn a_first_page_without_anybody_is_not_the_whole_list() {
    let ids: Vec<u64> = (1..=150).collect();
    let service = service(move |request| {
        let text = page(&ids, request, 100, Some("150"));
        let (page, size) = (request.number_of("page").max(1), request.number_of("per_page"));
        // Whatever part of it is asked for; the question how many there are is answered.
        if (page - 1) * size < 100 && (page, size) != (1, 1) {
            return (200, "{\"users\":null,\"count\":150}".to_owned());
        }
        (200, text.replace("示例 150\",\"mobile\":\"13000000000", "示例 150\",\"mobile\":\"13000000001"))
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", PEOPLE);
    let ran = work.bw8("import customers mine.csv --no-canary --rate 0");
    ran.exits(3).says("the account has 1 customer").says("nobody could look at all");
    assert_eq!(created(&service), 1);
}

/// A list of three whose records are shown as `show` makes them.
fn shown(show: impl Fn(String) -> String + Send + 'static) -> Service {
    service(move |request| {
        let text = page(&[1, 2, 3], request, 100, Some("3"));
        (200, show(text.replacen("13000000000", "13000000001", 1)))
    })
}

#[test]
fn who_has_no_id_in_the_list_is_not_proved_to_be_new() {
    for (word, change) in [
        (
            "1 of its records has no id of its own",
            (|text| text.replace("\"cId\":\"150\",", "")) as fn(String) -> String,
        ),
        ("no record of /users.json has its id", |text| text.replace("\"cId\"", "\"cid\"")),
    ] {
        let ids: Vec<u64> = (1..=350).collect();
        let list = service(move |request| (200, change(page(&ids, request, 100, Some("350")))));
        for mode in ["skip-existing", "upsert"] {
            let work = Work::at(&list.base_url());
            work.write("mine.csv", PEOPLE);
            work.bw8(&*format!("import customers mine.csv --mode {mode} --no-canary")).exits(3).says(word);
            assert_eq!(created(&list), 0, "{word}");
        }
        let work = Work::at(&list.base_url());
        work.write("mine.csv", PEOPLE);
        work.bw8("import customers mine.csv --no-canary").exits(0).says("nobody could look at all");
    }
}

#[test]
fn by_a_number_that_the_list_does_not_show_nobody_is_new() {
    for (word, show) in [
        ("carries the field Mobile", (|text| text.replace("\"mobile\"", "\"other\"")) as fn(String) -> String),
        ("masks the field Mobile", |text| text.replace("\"1300000", "\"130****")),
    ] {
        let list = shown(show);
        let work = Work::at(&list.base_url());
        work.write("mine.csv", PEOPLE);
        work.bw8("import customers mine.csv --mode skip-existing --no-canary").exits(3).says(word);
        assert_eq!(created(&list), 0, "{word}");
        // A plain import says that nobody could look.
        work.bw8("import customers mine.csv --no-canary").exits(0).says("nobody could look at all").says(word);
    }
}

#[test]
fn whom_this_login_may_not_see_is_not_new() {
    let ids: Vec<u64> = (1..=350).collect();
    let list = service(move |request| {
        let text = page(&ids, request, 100, Some("350"));
        // Pages are cut before what is hidden is left out.
        (200, text.replace(&format!("{},", customer(150)), ""))
    });
    let work = Work::at(&list.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --mode skip-existing --no-canary").exits(3).says("1 of its records");
    assert_eq!(created(&list), 0);
    work.bw8("import customers mine.csv --no-canary")
        .exits(0)
        .says("nobody could look at all")
        .says("not shown to this login");
}

#[test]
fn the_list_of_another_collection_is_not_taken_for_theirs() {
    let list = service(|_| (200, "{\"companies\":[{\"uId\":\"1\",\"companyName\":\"示例\"}],\"count\":1}".to_owned()));
    let work = Work::at(&list.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --no-canary").exits(0).says("nobody looked");
    work.export("customers -o out.csv").exits(1);
    assert!(!work.path("out.csv").exists());
}

#[test]
fn whom_this_login_may_not_see_is_counted_once_however_often_the_list_is_read() {
    let ids: Vec<u64> = (1..=350).collect();
    let list = service(move |request| {
        let whole = page(&ids, request, 100, Some("350"));
        let start = (request.number_of("page").max(1) - 1) * request.number_of("per_page").clamp(1, 100);
        let is_hidden = |id: u64| (101..=230).contains(&id) && (id as usize) > start;
        let hidden: Vec<String> = (101..=230).filter(|id| is_hidden(*id)).map(customer).collect();
        let shown =
            hidden.iter().fold(whole, |text, record| text.replace(&format!("{record},"), "").replace(record, ""));
        (200, shown.replace(",]", "]"))
    });
    let work = Work::at(&list.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --mode skip-existing --no-canary --rate 0").exits(3).says("130 of its records");
}

#[test]
fn nothing_is_said_to_be_sent_with_a_login_that_is_refused() {
    let refused = Service::start(|request| match request.path.ends_with("token.php") {
        true => (401, "{\"error\":\"invalid_client\"}".to_owned()),
        false => unknown(),
    });
    let work = Work::at(&refused.base_url());
    work.write("mine.csv", PEOPLE);
    let mut command = work.command("import customers mine.csv");
    command.env("BW8_CLIENT_ID", "id").env("BW8_CLIENT_SECRET", "secret");
    let ran = work.run(command);
    ran.exits(6).says("invalid_client").never_says("about to create").never_says("nobody looked");
    let refused = Service::start(|_| (401, "{\"errcode\":\"100001\",\"errmsg\":\"Authentication failed\"}".to_owned()));
    let work = Work::at(&refused.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv").exits(6).never_says("about to create");
}
