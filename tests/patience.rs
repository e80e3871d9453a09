//! What passes by itself ends no command: a service that is busy, gone for a while, or gives no token yet is waited for, and
//! whoever watches is told why and until when. Every wait ends at once when the user says so.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::*;

/// Customers on their way to a sandbox with these faults.
fn import_against(faults: &str, rows: u64, more: &str) -> (Work, Server, Ran) {
    let (work, server) = (Work::new(), Server::start(faults));
    work.write_table("mine.csv", &customers(1, rows));
    let ran = work.on(&server, format!("import customers mine.csv --concurrency 1 {more}"));
    (work, server, ran)
}

#[test]
fn a_busy_service_is_asked_again_after_waits_of_our_own_when_it_names_none() {
    for asked in ["0", "0.25", "garbage"] {
        let fault = format!("--fault 429,on=POST_users,nth=3..5,retry-after={asked}");
        let (work, server, ran) = import_against(&fault, 6, "");
        ran.exits(0);
        assert_rows(&work.summary(), "created 6");
        assert_eq!(server.requests_to("customers.create"), 9, "{asked}");
        assert_eq!(work.summary()["retries"], 3);
    }
}

#[test]
fn a_wait_that_is_asked_for_is_said_with_its_end_and_what_ends_it() {
    let (_, _, ran) = import_against("--fault 429,on=POST_users,nth=3,retry-after=2", 4, "");
    ran.exits(0).says("the service asks to wait 2 seconds; ").says("left (then it is tried again; Ctrl-C stops)");
}

#[test]
fn a_host_that_is_gone_for_a_moment_stops_no_run() {
    let (work, _, ran) = import_against("--fault refuse,nth=2,ms=1500 --fault close-idle,nth=4", 8, "");
    // Whether the connection was closed before or after something was written on it is a matter of microseconds.
    ran.exits_with_one_of(&[0, 4]);
    assert_eq!(work.summary()["rows"]["pending"], 0, "{ran}");
}

#[test]
fn a_service_that_is_not_waited_for_stops_the_run_at_once() {
    let (work, _, ran) = import_against("--fault 429,on=POST_users,nth=3..99,retry-after=0", 6, "--wait 0");
    ran.exits(5).says("too many requests").says("next: bw8 import");
    assert_rows(&work.summary(), "created 2, pending 4");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 1));
    work.bw8("import customers mine.csv --wait soon").exits(2).says("90s");
    work.write("bw8.toml", "[account.default]\nwait = \"soon\"\n");
    work.bw8("import customers mine.csv").exits(2).says("wait").says("bw8.toml");
}

#[test]
fn no_more_requests_are_repeated_than_the_answers_allow_for() {
    // Every second request is turned away, however slowly they come.
    let turned_away = AtomicUsize::new(0);
    let service = Service::start(move |request| match (request.method.as_str(), &*request.path) {
        ("POST", "/users.json") if turned_away.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => {
            (429, "{\"errcode\":\"429\",\"errmsg\":\"Too Many Requests\"}".to_owned())
        }
        ("POST", "/users.json") => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 60));
    let ran = work.bw8("import customers mine.csv --rate 0 --no-canary --wait 1s");
    ran.exits(5).says("too many requests").says("next: bw8 import");
    let sent = service.requests().iter().filter(|request| request.method == "POST").count();
    assert!(sent <= 60 * 11 / 10 + 35, "{sent} requests");
    let rows = &work.summary()["rows"];
    assert_eq!(rows["created"].as_u64().unwrap() + rows["pending"].as_u64().unwrap(), 60, "{rows}");
}

#[test]
fn a_service_with_a_quota_gets_as_much_as_it_takes() {
    let mut taken: Vec<std::time::Instant> = Vec::new();
    let service = Service::start(move |request| {
        taken.retain(|at| at.elapsed().as_millis() < 1000);
        if taken.len() >= 4 {
            return (429, "{\"errcode\":\"429\",\"errmsg\":\"Too Many Requests\"}".to_owned());
        }
        taken.push(std::time::Instant::now());
        match request.method.as_str() {
            "POST" => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 50));
    work.bw8("import customers mine.csv --no-canary").exits(0);
    assert_rows(&work.summary(), "created 50");
    let sent = service.requests().iter().filter(|request| request.method == "POST").count();
    assert!(sent <= 50 * 11 / 10 + 35, "{sent} requests");
}

/// A service with tokens: answers of the token's place, and whether a token is good for a request.
fn with_tokens(
    token: impl Fn(usize) -> (u16, String) + Send + 'static,
    is_good: impl Fn(&str, usize) -> bool + Send + 'static,
) -> Service {
    let (mut tokens, mut uses) = (0, 0);
    Service::start(move |request| {
        if request.path.ends_with("token.php") {
            (tokens, uses) = (tokens + 1, 0);
            return token(tokens);
        }
        uses += 1;
        match (request.method.as_str(), is_good(&request.authorization, uses)) {
            (_, false) => (401, "{\"errcode\":\"100001\",\"errmsg\":\"Authentication failed\"}".to_owned()),
            ("POST", true) => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
            _ => unknown(),
        }
    })
}

fn a_token(number: usize) -> (u16, String) {
    (200, format!("{{\"access_token\":\"{number:040}\",\"expires_in\":3600,\"token_type\":\"Bearer\"}}"))
}

fn import_with_key_pair(service: &Service, rows: u64) -> (Work, Ran) {
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, rows));
    let mut command = work.command("import customers mine.csv --rate 0 --no-canary --concurrency 1");
    command.env("BW8_CLIENT_ID", "id").env("BW8_CLIENT_SECRET", "secret");
    let ran = work.run(command);
    (work, ran)
}

#[test]
fn a_place_that_gives_no_token_for_now_is_asked_again() {
    let pages = [
        (503, "<html>503 Service Temporarily Unavailable</html>"),
        (429, "{\"error\":\"slow_down\"}"),
        (200, "<html>maintenance</html>"),
        (500, "{\"error\":\"server_error\"}"),
    ];
    for (status, page) in pages {
        // The first is that of the look into the account.
        let service = with_tokens(
            move |number| if number == 2 { (status, page.to_owned()) } else { a_token(number) },
            |_, uses| uses <= 4,
        );
        let (work, ran) = import_with_key_pair(&service, 6);
        ran.exits(0);
        assert_rows(&work.summary(), "created 6");
    }
}

#[test]
fn tokens_that_another_program_ends_again_and_again_are_named_as_such() {
    // The first tokens are those of the looks for companies and into the account; the run never has a good one.
    let is_of_look = |authorization: &str| authorization.ends_with('1') || authorization.ends_with('2');
    let service = with_tokens(a_token, move |authorization, _| is_of_look(authorization));
    let (work, ran) = import_with_key_pair(&service, 3);
    ran.exits(6);
    assert_rows(&work.summary(), "pending 3");
    ran.says("rejects the login");
    let service = with_tokens(a_token, move |authorization, uses| {
        // One look at the list before the first write, and two rows.
        is_of_look(authorization) || authorization.ends_with('3') && uses <= 3
    });
    let (work, ran) = import_with_key_pair(&service, 6);
    ran.exits(6).says("same key pair").says("Authentication failed");
    assert_rows(&work.summary(), "created 2, pending 4");
}

#[cfg(unix)]
#[test]
fn every_signal_ends_a_wait_of_an_import_at_once_and_with_a_report() {
    for signal in ["INT", "TERM", "HUP"] {
        let (work, server) = (Work::new(), Server::start("--fault 429,on=POST_users,nth=3..9999,retry-after=3600"));
        work.write_table("mine.csv", &customers(1, 6));
        let child = work.start(work.command_on(&server, "import customers mine.csv --concurrency 2 --no-progress"));
        child.wait_until_it_says("asks to wait 1 hour; 10 minutes left");
        child.signal(signal);
        let ran = child.ended();
        ran.exits(130).says("next: bw8 import customers mine.csv");
        assert_rows(&work.summary(), "created 2, pending 4");
    }
}

#[cfg(unix)]
#[test]
fn every_signal_ends_a_wait_of_an_export_and_for_a_token_at_once() {
    for signal in ["INT", "TERM", "HUP"] {
        let (work, server) = (Work::new(), Server::start("--fault 429,on=GET_users,nth=1..9999,retry-after=3600"));
        let child = work.start(work.command_on(&server, "export customers -o out.csv"));
        child.wait_until_it_says("asks to wait 1 hour; 1 minute left");
        child.signal(signal);
        child.ended().exits(130).says("run the same command again");
        assert!(!work.path("out.csv").exists());
    }
    let service = with_tokens(|_| (503, String::new()), |_, _| true);
    let work = Work::at(&service.base_url());
    let mut command = work.command("export customers -o out.csv");
    command.env("BW8_CLIENT_ID", "id").env("BW8_CLIENT_SECRET", "secret");
    let child = work.start(command);
    child.wait_until_it_says("no token yet (HTTP 503)");
    child.signal("INT");
    child.ended().exits(130);
}

#[cfg(unix)]
#[test]
fn a_signal_that_was_ignored_when_the_command_began_stays_ignored() {
    for signal in ["HUP", "INT"] {
        let service = Service::start(|request| match request.method.as_str() {
            "POST" => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        work.write_table("mine.csv", &customers(1, 3));
        let import = work.command("import customers mine.csv --rate 0 --no-canary");
        let mut shell = work.program("sh");
        shell.args(["-c", &format!("trap '' {signal}; exec \"$0\" \"$@\"")]).arg(import.get_program());
        shell.args(import.get_args());
        service.hold(3);
        let mut child = work.start(shell);
        service.wait_for_held();
        child.signal(signal);
        assert!(child.is_running());
        service.release();
        let ran = child.ended();
        ran.exits(0).never_says("interrupt");
        assert_rows(&work.summary(), "created 3");
    }
}

#[test]
fn a_lock_that_another_command_holds_is_waited_for_and_named_however_quiet() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 2));
    std::fs::create_dir_all(work.path("bw8-runs")).unwrap();
    let lock = std::fs::File::create(work.path("bw8-runs/begin.lock")).unwrap();
    lock.lock().unwrap();
    let child = work.start(work.command_on(&server, "import customers mine.csv --quiet"));
    child.wait_until_it_says(&as_printed("waiting until another bw8 command lets go of bw8-runs/begin.lock"));
    drop(lock);
    child.ended().exits(0);
    assert_rows(&work.summary(), "created 2");
}

#[test]
fn a_database_that_another_program_holds_is_waited_for_and_named() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 2));
    work.on(&server, "import customers mine.csv").exits(0);
    let held = rusqlite::Connection::open(work.path("state/runs.db")).unwrap();
    held.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
    held.execute_batch("BEGIN EXCLUSIVE").unwrap();
    work.write_table("more.csv", &customers(3, 2));
    let child = work.start(work.command_on(&server, "import customers more.csv"));
    child.wait_until_it_says("until another program lets go of a database file");
    held.execute_batch("ROLLBACK").unwrap();
    drop(held);
    child.ended().exits(0);
    assert_rows(&work.summary(), "created 2");
}

#[cfg(unix)]
#[test]
fn a_lock_is_its_users_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 1));
    let import = work.command_on(&server, "import customers mine.csv");
    let mut shell = work.program("sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(import.get_program()).args(import.get_args());
    shell.envs(import.get_envs().filter_map(|(name, value)| Some((name, value?))));
    work.run(shell).exits(0);
    let locks =
        [work.path("bw8-runs/begin.lock"), work.path("state/runs.lock"), work.run_folder().join("journal.lock")];
    for lock in locks {
        let mode = std::fs::metadata(&lock).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", lock.display());
    }
}

#[cfg(unix)]
#[test]
fn a_wait_for_a_lock_ends_at_once_when_the_user_says_so() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 2));
    std::fs::create_dir_all(work.path("bw8-runs")).unwrap();
    let lock = std::fs::File::create(work.path("bw8-runs/begin.lock")).unwrap();
    lock.lock().unwrap();
    let child = work.start(work.command_on(&server, "import customers mine.csv --format json"));
    child.wait_until_it_says("begin.lock");
    child.signal("INT");
    let ran = child.ended();
    ran.exits(130).says("interrupted");
    assert_eq!(ran.json()["exit"], 130);
    assert_eq!(server.requests_to("customers.create"), 0);
}

#[test]
fn a_gateway_without_its_service_costs_two_rows_and_not_the_run() {
    // Writes and reads break for a while; what is asked meanwhile is a question, not a row.
    let service = Service::start({
        let mut posts = 0;
        let mut broken = 0;
        move |request| {
            posts += usize::from(request.method == "POST");
            let is_broken = posts > 3 && broken < 5;
            broken += usize::from(is_broken);
            match (is_broken, request.method.as_str()) {
                (true, _) => (502, "<html>502 Bad Gateway</html>".to_owned()),
                (false, "POST") => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
                _ => unknown(),
            }
        }
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 10));
    let ran = work.bw8("import customers mine.csv --rate 0 --no-canary --concurrency 1");
    ran.exits(4);
    assert_rows(&work.summary(), "created 8, unknown 2");
}

/// A service whose reads are answered and whose writes are not from the fourth on, so many of them.
fn taking_no_writes(broken: usize, headers: &'static [(&'static str, &'static str)]) -> Service {
    let mut posts = 0;
    Service::with_heads(move |request| {
        posts += usize::from(request.method == "POST");
        match request.method.as_str() {
            "POST" if (4..4 + broken).contains(&posts) => {
                let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                (503, headers, "<html>503 Service Unavailable</html>".to_owned())
            }
            "POST" => (201, Vec::new(), format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
            "GET" if request.path == "/users.json" => (200, Vec::new(), page(&[], request, 100, Some("0"))),
            _ => {
                let (status, body) = unknown();
                (status, Vec::new(), body)
            }
        }
    })
}

#[test]
fn an_outage_of_writes_alone_costs_a_row_for_each_wait_and_not_the_run() {
    let service = taking_no_writes(3, &[]);
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 12));
    let import = "import customers mine.csv --rate 0 --no-canary --concurrency 1";
    work.bw8(import).exits(4).says("the service does not acknowledge what is sent");
    assert_rows(&work.summary(), "created 9, unknown 3");
    // Those on their way go together; after them it is one at a time.
    let service = taking_no_writes(6, &[]);
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 40));
    work.bw8("import customers mine.csv --rate 0 --no-canary --concurrency 5").exits(4);
    assert_rows(&work.summary(), "created 34, unknown 6");
}

#[test]
fn a_service_that_loses_every_second_answer_stops_the_run() {
    let mut posts = 0;
    let service = Service::start(move |request| match request.method.as_str() {
        "POST" => {
            posts += 1;
            match posts % 2 {
                0 => (502, "<html>502 Bad Gateway</html>".to_owned()),
                _ => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
            }
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 60));
    let import = "import customers mine.csv --rate 0 --no-canary --concurrency 1";
    work.bw8(import).exits(5).says("of too many rows nobody knows").says("HTTP 502").says("bw8 settle");
    assert_rows(&work.summary(), "created 13, unknown 13, pending 34");
}

#[test]
fn each_further_try_while_no_write_is_taken_costs_one_row() {
    let service = taking_no_writes(1000, &[]);
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 30));
    for more in ["--concurrency 1", "--concurrency 1 --no-canary --keep-going", "--concurrency 8 --keep-going"] {
        let import = format!("import customers mine.csv --rate 0 --wait 0 --run run {more}");
        work.bw8(import).exits(5).says("does not answer as it should").says("next: bw8 import");
    }
    assert_rows(&work.summary_of("run"), "created 3, unknown 4, pending 23");
}

#[cfg(unix)]
#[test]
fn a_wait_for_writes_is_said_with_its_end_and_ends_at_once_when_the_user_says_so() {
    let service = taking_no_writes(1000, &[("retry-after", "3600")]);
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 9));
    let import = "import customers mine.csv --rate 0 --no-canary --concurrency 2 --no-progress";
    let child = work.start(work.command(import));
    child.wait_until_it_says("the service does not acknowledge what is sent");
    child.wait_until_it_says(
        "10 minutes left (longer than --wait: then it is tried once more, and stops; --wait 61m would",
    );
    child.signal("INT");
    child.ended().exits(130).says("next: bw8 import customers mine.csv");
    let rows = &work.summary()["rows"];
    assert!(rows["unknown"].as_u64().unwrap() <= 2, "{rows}");
    assert_eq!(rows["created"], 3);
}

#[test]
fn a_record_whose_own_page_breaks_is_given_up_soon_and_the_service_is_not() {
    let service = Service::start(|request| match request.path.as_str() {
        "/users.json" => (200, page(&[1, 2, 3], request, 100, Some("3"))),
        "/users/3.json" => (500, "{\"errcode\":\"1\",\"errmsg\":\"broken\"}".to_owned()),
        "/users/1.json" | "/users/2.json" => (200, format!("{{\"user\":{}}}", customer(1))),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.bw8("export customers -o out.csv --details --rate 0 --concurrency 1");
    ran.exits_with_one_of(&[0, 1, 5]);
    let asked = service.requests().iter().filter(|request| request.path == "/users/3.json").count();
    assert_eq!(asked, 3, "{ran}");
}

/// A service with a list of customers that refuses a few pages, by status 429 or in words alone.
fn limiting(status: u16, words: &'static str) -> Service {
    let ids: Vec<u64> = (1..=350).collect();
    let mut asked = 0;
    Service::start(move |request| match request.path.as_str() {
        "/users.json" => {
            asked += 1;
            match (2..=5).contains(&asked) {
                true => (status, format!("{{\"errcode\":\"1\",\"errmsg\":\"{words}\"}}")),
                false => (200, page(&ids, request, 100, Some("350"))),
            }
        }
        _ => unknown(),
    })
}

#[test]
fn a_list_is_read_to_its_end_however_often_the_service_asks_for_patience() {
    for (status, words) in [(429, "no"), (200, "请求过于频繁"), (403, "rate limit exceeded")] {
        let service = limiting(status, words);
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId --concurrency 1");
        assert_eq!(ran.exits(0).json()["complete"], true, "{ran}");
        assert_eq!(work.ids("out.csv").len(), 350, "{status}");
        let filters = service.requests().iter().filter(|request| request.query.contains_key("created_start")).count();
        // A look or two behind its newest record, where a wall would take a dozen.
        assert!(filters <= 2, "it is no wall: {status}");
    }
}

#[test]
fn when_patience_ends_it_is_the_limit_that_is_named_and_not_the_network() {
    let limited = |request: &Request, is_list: bool| {
        let (headers, body) =
            (vec![("retry-after".to_owned(), "3600".to_owned())], "{\"errcode\":\"429\",\"errmsg\":\"x\"}");
        match request.path.as_str() {
            "/tickets.json" if is_list => {
                (200, Vec::new(), "{\"tickets\":[{\"ticketId\":\"1\",\"subject\":\"x\"}],\"count\":1}".to_owned())
            }
            _ => (429, headers, body.to_owned()),
        }
    };
    for (is_list, command) in
        [(false, "export tickets -o out.csv --wait 0"), (true, "export tickets -o out.csv --details --wait 0")]
    {
        let service = Service::with_heads(move |request| limited(request, is_list));
        let work = Work::at(&service.base_url());
        let ran = work.bw8(command);
        ran.exits(5).says("the service limits how fast it may be asked").says("--wait 61m");
        ran.never_says("network");
        assert!(!work.path("out.csv").exists());
    }
    // A row in doubt is not looked for either.
    let mut posts = 0;
    let service = Service::with_heads(move |request| {
        posts += usize::from(request.method == "POST");
        match (request.method.as_str(), posts) {
            ("POST", _) => (502, Vec::new(), String::new()),
            (_, 0) if request.path == "/users.json" => (200, Vec::new(), page(&[], request, 100, Some("0"))),
            (_, 0) => (404, Vec::new(), unknown().1),
            _ => limited(request, false),
        }
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    work.bw8("import customers mine.csv --no-canary --wait 0 --run run").exits(5);
    let ran = work.bw8("settle run --wait 0");
    ran.exits(5).says("the service limits how fast it may be asked").never_says("network");
}

#[test]
fn answers_that_break_off_are_named_as_such() {
    let service = Service::start(|request| match request.path.as_str() {
        "/users.json" => {
            let whole = page(&[1, 2, 3], request, 100, Some("3"));
            (200, whole[..whole.len() / 2].to_owned())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.bw8("export customers -o out.csv --wait 0");
    ran.exits(1).says("ends in the middle of its data").never_says("firewall").never_says("network");
}
