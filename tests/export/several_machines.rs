//! Lists that are answered by several machines of a service, one of which lacks records, that shrink while they are read, or end at
//! one full page: who is there is in the file, or the exit code says that this could not be proved.

use crate::harness::*;

/// The customers of the service.
const CUSTOMERS: u64 = 330;

/// A customer that was created so many hours after the first.
fn created(id: u64) -> String {
    let at = jiff::civil::datetime(2025, 1, 1, 8, 0, 0, 0) + jiff::Span::new().hours(i64::try_from(id).unwrap());
    format!(
        "{{\"cId\":\"{id}\",\"name\":\"示例 {id}\",\"state\":\"1\",\"createDT\":\"{}\"}}",
        at.strftime("%Y-%m-%d %H:%M:%S")
    )
}

/// The answer of a list of these, oldest first or, where that is asked for, newest first.
fn list(mut ids: Vec<u64>, request: &Request) -> (u16, String) {
    if request.query.get("created_order").is_some_and(|order| order == "desc") {
        ids.reverse();
    }
    let size = request.number_of("per_page").clamp(1, 100);
    let start = (request.number_of("page").max(1) - 1) * size;
    let rows: Vec<String> = ids.iter().skip(start).take(size).map(|id| created(*id)).collect();
    (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), ids.len()))
}

/// The id of the customer whose own page is asked for.
fn asked_for(request: &Request) -> Option<u64> {
    request.path.strip_prefix("/users/")?.strip_suffix(".json")?.parse().ok()
}

/// The page of a customer, or of one that is not there.
fn own_page(id: u64, is_there: bool) -> (u16, String) {
    match is_there {
        true => (200, format!("{{\"user\":{}}}", created(id))),
        false => (200, "{\"user\":[]}".to_owned()),
    }
}

const EXPORT: &str = "customers -o out.csv --columns cId --summary none --concurrency 1";

/// The service whose list gives, in the answer of a number, the customers that `is_given` says, and their own pages what `own` does.
fn service(
    is_given: impl Fn(usize, u64) -> bool + Send + 'static,
    own: impl Fn(u64) -> (u16, String) + Send + 'static,
) -> Service {
    Service::start(move |request| match asked_for(request) {
        Some(id) => own(id),
        None if request.path == "/users.json" => {
            list((1..=CUSTOMERS).filter(|id| is_given(request.number, *id)).collect(), request)
        }
        None => unknown(),
    })
}

#[test]
fn of_two_machines_one_that_lacks_the_newest_records_does_not_speak_for_both() {
    for (lacking, parity) in [(12, 0), (12, 1), (30, 0), (30, 1)] {
        let service = service(
            move |number, id| number % 2 != parity || id <= CUSTOMERS - lacking,
            |id| own_page(id, id <= CUSTOMERS),
        );
        let work = Work::at(&service.base_url());
        let ran = work.export(EXPORT);
        ran.exits(0);
        assert_eq!(work.ids("out.csv"), (1..=CUSTOMERS).collect::<Vec<_>>(), "{lacking} {parity}: {ran}");
    }
}

#[test]
fn a_login_that_loses_its_rights_while_a_list_is_read_is_told() {
    for (kept, own) in [(2, "there"), (8, "there"), (2, "denied"), (2, "gone"), (8, "gone")] {
        let service = service(
            move |number, id| number < 3 || id % 10 < kept,
            move |id| match own {
                "denied" => (403, "{\"errcode\":\"403\",\"errmsg\":\"没有权限\"}".to_owned()),
                own => own_page(id, if own == "gone" { id % 10 < kept } else { id <= CUSTOMERS }),
            },
        );
        let work = Work::at(&service.base_url());
        work.write("out.csv", "older");
        let ran = work.export(EXPORT);
        if own == "gone" {
            // So it is where somebody deletes many at once.
            ran.exits(0);
            let ids = work.ids("out.csv");
            assert!((1..=CUSTOMERS).filter(|id| id % 10 < kept).all(|id| ids.contains(&id)), "{ids:?}");
        } else {
            ran.exits(5).says("far fewer than it gave before");
            assert_eq!(work.read("out.csv"), "older");
        }
    }
}

#[test]
fn a_list_that_ends_at_one_full_page_is_cut_where_other_ids_follow() {
    for (there, given) in [(130, 100), (130, 50), (100, 100), (50, 50)] {
        let service = Service::start(move |request| match asked_for(request) {
            Some(id) => own_page(id, id <= there),
            None if request.path == "/users.json" => {
                // It knows no order either.
                let mut request = request.clone();
                request.query.remove("created_order");
                list((1..=given).collect(), &request)
            }
            None => unknown(),
        });
        let work = Work::at(&service.base_url());
        let ran = work.export(EXPORT);
        match there > given {
            true => drop(ran.exits(5).says(&format!("gives {given} records and ends"))),
            false => {
                ran.exits(0);
                assert_eq!(work.ids("out.csv").len() as u64, given);
            }
        }
    }
}
