//! The way of one request: faults before it, login, rate limit, `Requestid`, what it asks for, faults after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, request::Parts};
use axum::response::Response;
use serde_json::json;

use super::answer::{Answer, error_answer, unknown_path};
use super::auth::{Caller, TokenRequest};
use super::clock;
use super::endpoints::call::Call;
use super::endpoints::dispatch::dispatch;
use super::faults::fault::{Fault, Kind};
use super::faults::faulty_stream::{ConnectionControl, Cut};
use super::faults::{answers, lists};
use super::request_log::LoggedRequest;
use super::response;
use super::routes::{Route, find};
use super::state::AppState;
use super::variants::Router;
use crate::entity::{Catalog, Method};

/// Largest body that is read.
const LARGEST: usize = 64 << 20;

/// Which endpoint a request is for.
enum Target<'a> {
    Token,
    Route(&'a Route, Option<i64>),
    Unknown,
}

/// Answers one request.
pub(super) async fn handle(
    State(state): State<Arc<AppState>>,
    ConnectInfo(control): ConnectInfo<ConnectionControl>,
    request: Request,
) -> Response {
    let _flight = state.request_log.begin();
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let target = target(&state, &head);
    let (method, route) = (method(&head), route(&target));
    let is_reused = control.count() > 0;
    let path = head.uri.path();
    let path = path.strip_prefix(state.base_path.as_str()).unwrap_or(path);
    let faults = method.map_or_else(Vec::new, |method| state.faults.on_request(&method, path, route, is_reused));
    for delay in faults.iter().filter(|fault| fault.kind == Kind::Delay) {
        tokio::time::sleep(state.faults.delay(delay)).await;
    }
    let fault = faults.iter().find(|fault| fault.kind != Kind::Delay);
    let log = |answer: Option<&Answer>| {
        state.request_log.end(LoggedRequest {
            time: clock::now(),
            method: head.method.to_string(),
            target: head.uri.to_string(),
            endpoint: name(&target).to_owned(),
            status: answer.map_or(0, |answer| answer.status),
            request_id: header(&head.headers, &Catalog::embedded().service.request_id.header)
                .unwrap_or_default()
                .to_owned(),
            milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            fault: fault.or(faults.first()).map(|fault| fault.kind.as_str().to_owned()),
            stored: answer.is_some_and(|answer| answer.is_stored),
        });
    };
    if let Some(fault) = fault
        && matches!(fault.kind, Kind::CloseBefore | Kind::CloseReused)
    {
        log(None);
        return response::cut(&control, Cut::Close);
    }
    let Ok(body) = to_bytes(body, LARGEST).await else {
        log(None);
        return response::cut(&control, Cut::Close);
    };
    if let Some(fault) = fault
        && fault.kind == Kind::Stall
    {
        stall(fault).await;
    }
    let answer = match fault.and_then(|fault| answers::answer_instead(fault, path)) {
        Some(answer) => answer,
        None => respond(&state, &head, &target, &body, fault),
    };
    let answer = match fault {
        Some(fault) => answers::altered_answer(fault, answer, route),
        None => answer,
    };
    finish(&control, fault, answer, log).await
}

/// Cuts, stalls or sends, as the fault will have it.
async fn finish(
    control: &ConnectionControl,
    fault: Option<&Fault>,
    answer: Answer,
    log: impl Fn(Option<&Answer>),
) -> Response {
    let is_stored = answer.is_stored;
    let unanswered = Answer { is_stored, status: 0, ..Answer::text(0, String::new()) };
    let Some(fault) = fault else {
        log(Some(&answer));
        return response::whole(answer);
    };
    match fault.kind {
        Kind::CloseRead | Kind::CloseStored | Kind::ResetStored => {
            log(Some(&unanswered));
            response::cut(control, if fault.kind == Kind::ResetStored { Cut::Reset } else { Cut::Close })
        }
        Kind::HalfStatus => {
            log(Some(&unanswered));
            response::cut(control, Cut::SendThenClose(b"HTTP/1.1 20".to_vec()))
        }
        Kind::StallStored if fault.ms.is_none() => {
            log(Some(&unanswered));
            std::future::pending().await
        }
        Kind::StallStored => {
            log(Some(&answer));
            stall(fault).await;
            response::whole(answer)
        }
        Kind::SlowBody => {
            log(Some(&answer));
            response::slow(answer, Duration::from_millis(fault.ms.unwrap_or(100)))
        }
        Kind::HalfBody => {
            log(Some(&answer));
            response::half(answer)
        }
        Kind::CloseIdle => {
            log(Some(&answer));
            control.cut(Cut::CloseAfterAnswer);
            response::whole(answer)
        }
        _ => {
            log(Some(&answer));
            response::whole(answer)
        }
    }
}

/// Silent for the fault's time, or until the client gives up.
async fn stall(fault: &Fault) {
    match fault.ms {
        Some(_) => tokio::time::sleep(fault.pause()).await,
        None => std::future::pending().await,
    }
}

/// The answer before faults: login, rate limit, then what is asked for.
fn respond(state: &AppState, head: &Parts, target: &Target<'_>, body: &Bytes, fault: Option<&Fault>) -> Answer {
    let authorization = header(&head.headers, "authorization");
    if fault.is_some_and(|fault| fault.kind == Kind::TokenRevoked) {
        state.tokens.revoke();
    }
    if let Target::Token = target {
        let request = TokenRequest {
            is_post: head.method == http::Method::POST,
            authorization,
            content_type: header(&head.headers, "content-type"),
            body,
        };
        return state.tokens.grant(&request, &Catalog::embedded().service.token, state.variants.token_lifetime);
    }
    let Some(caller) = state.tokens.caller(authorization) else {
        return error_answer(&state.variants, 401, "SANDBOX-LOGIN", "authentication failed");
    };
    if !state.rate_limiter.allows(state.variants.rate) {
        return error_answer(&state.variants, 429, "SANDBOX-TOO-MANY", "too many requests").with("retry-after", "1");
    }
    let Target::Route(route, id) = target else { return unknown_path(&state.variants) };
    if !route.is_on {
        return unknown_path(&state.variants);
    }
    let query = head.uri.query().unwrap_or_default();
    let call = Call {
        route,
        id: *id,
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        content_type: header(&head.headers, "content-type"),
        request_id: header(&head.headers, &Catalog::embedded().service.request_id.header).unwrap_or_default(),
        body,
        variants: &state.variants,
        custom_fields: &state.custom_fields,
        is_main: caller == Caller::Main,
    };
    if route.method == Method::Get || call.request_id.is_empty() {
        return carry_out(state, &call, fault);
    }
    let busy = fault.filter(|fault| fault.kind == Kind::StallStored);
    let until = busy.map(|fault| fault.ms.map_or(Duration::from_secs(86_400), Duration::from_millis));
    state
        .idempotency_keys
        .run_once(&state.variants, &state.request_log, call.request_id, until, || carry_out(state, &call, fault))
}

fn carry_out(state: &AppState, call: &Call<'_>, fault: Option<&Fault>) -> Answer {
    let mut store = state.store();
    let result = match (fault, call.route.entity) {
        (Some(fault), Some(entity)) => lists::change_list(fault, entity, &mut store),
        _ => Ok(()),
    };
    result
        .and_then(|()| dispatch(call, &mut store))
        .unwrap_or_else(|error| Answer::json(500, &json!({"errcode": "SANDBOX-BROKEN", "errmsg": error.message()})))
}

fn target<'a>(state: &'a AppState, head: &Parts) -> Target<'a> {
    let path = head.uri.path();
    if path == Catalog::embedded().service.token.path {
        return Target::Token;
    }
    let is_loose = state.variants.router == Router::Loose;
    let found = method(head)
        .zip(path.strip_prefix(state.base_path.as_str()))
        .and_then(|(method, path)| find(&state.routes, &method, path, is_loose));
    match found {
        Some((route, id)) => Target::Route(route, id),
        None => Target::Unknown,
    }
}

fn route<'a>(target: &Target<'a>) -> Option<&'a Route> {
    match target {
        Target::Route(route, _) => Some(route),
        _ => None,
    }
}

fn name<'a>(target: &Target<'a>) -> &'a str {
    match target {
        Target::Token => "token",
        Target::Route(route, _) => &route.names[0],
        Target::Unknown => "unknown",
    }
}

fn method(head: &Parts) -> Option<Method> {
    match head.method {
        http::Method::GET => Some(Method::Get),
        http::Method::POST => Some(Method::Post),
        http::Method::PUT => Some(Method::Put),
        http::Method::DELETE => Some(Method::Delete),
        _ => None,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
