//! The word at the end of a command that nobody watches: how it ended, why and what to do, and never a row.

use serde_json::Value;

use crate::harness::*;

/// A place that takes notices.
fn listening() -> Service {
    Service::start(|_| (200, "{\"errcode\":0}".to_owned()))
}

/// The only notice that came, its text first.
#[track_caller]
fn told(place: &Service) -> (String, Value) {
    let requests = place.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].authorization, "");
    let notice: Value = serde_json::from_str(&requests[0].body).unwrap();
    (notice["text"].as_str().unwrap().to_owned(), notice)
}

/// What is told when this is typed, with the variable that says where.
fn told_of(work: &Work, typed: impl Typed, exit: i32) -> (String, Value) {
    let place = listening();
    let mut command = work.command(typed);
    command.env("BW8_NOTIFY_URL", place.base_url());
    work.run(command).exits(exit);
    told(&place)
}

#[test]
fn what_the_service_refuses_is_told_with_its_cause_and_what_to_do_and_without_its_words() {
    for (status, exit, cause, hint) in [
        (401, 6, "401 …", "BW8_USER"),
        (403, 6, "403 …", "administrator"),
        (429, 5, "too many requests", "goes on where it stopped"),
        (422, 5, "422 …", "--keep-going"),
    ] {
        let service = Service::start(move |request| match request.method.as_str() {
            "POST" => (status, format!("{{\"errcode\":\"{status}\",\"errmsg\":\"示例13100000001 not allowed\"}}")),
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        work.write_table("mine.csv", &customers(1, 3));
        let typed = "import customers mine.csv --rate 0 --wait 0";
        let (text, notice) = told_of(&work, typed, exit);
        assert!(text.contains("why: ") && text.contains(cause) && text.contains(hint), "{status}: {text}");
        assert!(text.contains("next: bw8 import customers mine.csv"), "{status}: {text}");
        assert!(!notice.to_string().contains("示例") && !notice.to_string().contains("1310000"), "{notice}");
    }
    let work = Work::at("http://127.0.0.1:1");
    work.write_table("mine.csv", &customers(1, 3));
    let (text, _) = told_of(&work, "import customers mine.csv --wait 0", 1);
    assert!(text.contains("the connection was refused") && text.contains("what to do: "), "{text}");
}

#[test]
fn a_job_that_was_typed_wrong_or_has_a_broken_file_of_settings_is_told() {
    let work = Work::new();
    let (text, notice) = told_of(&work, "import customers mine.csv --no-such-option --lang zh", 2);
    assert!(text.contains("bw8 import customers：未能运行") && text.contains("--no-such-option"), "{text}");
    assert!(text.contains("怎么办：") && notice["exit"] == 2, "{text}");
    let (text, _) = told_of(&work, "export --format json customers --rate much", 2);
    assert!(text.contains("could not run") && text.contains("--rate"), "{text}");
    work.write_private("bw8.toml", "lang = \"zh\"\nbroken = \n");
    let (text, _) = told_of(&work, "export customers -o out.csv --sandbox", 2);
    assert!(text.contains("bw8.toml") && text.contains("怎么办："), "{text}");
    // The file itself says where, and is broken behind that.
    let place = listening();
    work.write_private("bw8.toml", &format!("notify = \"{}\"\nbroken = \n", place.base_url()));
    work.bw8("settle nothing").exits(2);
    assert!(told(&place).0.contains("bw8 settle: could not run"));
    // Somebody sits at these.
    let place = listening();
    for typed in ["runs --no-such-option", "check customers mine.csv --no-such-option"] {
        let mut command = work.command(typed);
        command.env("BW8_NOTIFY_URL", place.base_url());
        work.run(command).exits(2);
    }
    assert!(place.requests().is_empty());
}

#[test]
fn the_end_of_a_look_into_the_account_is_told() {
    let (work, server, place) = (Work::new(), Server::start(""), listening());
    work.write_table("mine.csv", customers(1, 3).set(2, "手机", "12"));
    let mut command = work.command_on(&server, "check customers mine.csv --online");
    command.env("BW8_NOTIFY_URL", place.base_url());
    work.run(command).exits(3);
    let (text, notice) = told(&place);
    assert!(text.contains("3 rows checked") && text.contains("mine.issues.csv"), "{text}");
    assert_eq!(notice["rows"]["refused"], 1);
    let (text, _) = told_of(&work, "settle no-such-run", 2);
    assert!(text.contains("no-such-run") && text.contains("bw8 runs"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_command_that_is_ended_while_it_reads_is_told() {
    let (work, place) = (Work::new(), listening());
    let made = std::process::Command::new("mkfifo").arg(work.path("pipe.csv")).status().unwrap();
    assert!(made.success());
    let mut command = work.command("import customers pipe.csv --sandbox");
    command.env("BW8_NOTIFY_URL", place.base_url());
    let running = work.start(command);
    running.wait_until_it_says("pipe.csv");
    running.signal("TERM");
    running.ended().exits(130);
    let (text, _) = told(&place);
    assert!(text.contains("interrupted (exit code 130)") && text.contains("what to do: "), "{text}");
}

/// The job is done: nothing of it is broken off, and nobody is told that it was.
#[cfg(unix)]
#[test]
fn a_job_that_is_over_stays_so_when_its_notice_is_ended() {
    for (rows, exit) in [("示例,13100000000,20001", 0), ("示例,131,20001", 3)] {
        let (work, server, place) = (Work::new(), Server::start(""), listening());
        work.write("mine.csv", format!("姓名,手机号,公司编号\n{rows}\n"));
        place.hold(1);
        let mut command = work.command_on(&server, "import customers mine.csv");
        command.env("BW8_NOTIFY_URL", place.base_url());
        let running = work.start(command);
        place.wait_for_held();
        running.signal("INT");
        running.ended().exits(exit).says("the notice could not be sent: interrupted").never_says("same command again");
        assert_eq!(place.requests().len(), 1);
        place.release();
    }
}

#[test]
fn a_notice_tells_how_a_job_ended_in_counts() {
    let (work, server, place) = (Work::new(), Server::start("--fault 403,on=GET_companies"), listening());
    work.write_table("mine.csv", customers(1, 4).set(2, "公司编号", "99999"));
    let mut command = work.command_on(&server, "import customers mine.csv --keep-going");
    command.env("BW8_NOTIFY_URL", place.base_url());
    work.run(command).exits(3);
    let (text, notice) = told(&place);
    assert!(text.contains("bw8 import customers: finished, some rows need you (exit code 3)"), "{text}");
    assert!(text.contains("created 3 · failed (the service said no) 1") && text.contains("next: bw8 retry"), "{text}");
    assert!(!notice.to_string().contains("1310000"), "{notice}");
}

#[test]
fn a_notice_tells_that_a_job_could_not_begin() {
    let (work, place) = (Work::new(), listening());
    work.write_private("bw8.toml", &format!("notify = \"{}\"\nlang = \"zh\"\n", place.base_url()));
    let mut command = work.command("import customers missing.csv --sandbox");
    command.env("LANG", "C");
    let ran = work.run(command);
    ran.exits(2).says("错误");
    let (text, _) = told(&place);
    assert!(text.contains("未能运行") && text.contains("missing.csv"), "{text}");
    // One that nobody can read along, and that says no.
    for address in ["http://www.example.com/hook?key=Geheim7391", "not an address"] {
        let mut command = work.command("import customers missing.csv --sandbox");
        command.env("BW8_NOTIFY_URL", address);
        work.run(command).exits(2).says("通知发送失败").never_says("Geheim7391");
    }
}
