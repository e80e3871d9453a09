//! Telling a place of the user's that a command has ended: a robot of 企业微信 or 钉钉, or whatever takes JSON.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use url::{Host, Url};

use super::target::{Credentials, Target};
use super::transport::{Failure, Http, Purpose, Request};
use crate::message;
use crate::message::Message;

/// Hosts of robots that want a text in a shape of theirs.
const ROBOTS: [&str; 2] = ["qyapi.weixin.qq.com", "oapi.dingtalk.com"];
/// How long telling may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells a text, and beside it facts for programs. The address holds a key and is repeated nowhere.
///
/// # Errors
/// Why it could not be told.
pub fn notify(address: &str, text: &str, facts: Value) -> Result<(), Message> {
    let url = Url::parse(address).ok().filter(is_safe).ok_or_else(|| message!("notice.bad_address"))?;
    let is_robot = url.host_str().is_some_and(|host| ROBOTS.contains(&host));
    let body = match is_robot {
        true => json!({"msgtype": "text", "text": {"content": text}}),
        false => {
            let mut body = facts;
            body["text"] = text.into();
            body
        }
    };
    let target = Target {
        base: url.clone(),
        credentials: Credentials::Basic { user: String::new(), password: String::new().into() },
        ca_cert: None,
        concurrency: 1,
        rate: 0.0,
        timeout: PATIENCE,
        patience: Duration::ZERO,
        first_patience: Duration::ZERO,
        log: None,
        history: Default::default(),
    };
    let http = Http::new(&target).map_err(|error| Message::from(error.message()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| message!("run.no_runtime"))?;
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let body = Bytes::from(body.to_string());
    let request = Request { method: Method::POST, address: &url, headers, body, about: None, purpose: Purpose::Notice };
    let response = runtime.block_on(http.exchange(request)).map_err(|failure| match failure {
        Failure::ForGood(error) => error.message().into(),
        Failure::NotSent(why) | Failure::Lost(why) => why,
    })?;
    let answer: Value = response.body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    // Robots say no under HTTP 200.
    let code = answer["errcode"].as_i64().filter(|code| *code != 0 && is_robot);
    match (response.status, code) {
        (200..=299, None) => Ok(()),
        (status, None) => Err(message!("api.status", status = status)),
        (_, Some(code)) => Err(format!("errcode {code}").into()),
    }
}

/// Whether a key may travel there: nobody reads along.
fn is_safe(url: &Url) -> bool {
    let is_this_machine = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_this_machine
}
