//! What the service answers, and the shapes of its errors.

use serde_json::{Value, json};

use super::variants::{Errors, Variants};
use crate::entity::Catalog;

/// One answer, before faults touch it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside `Content-Type` and `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// Type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Whether a record was stored, changed or removed.
    pub is_stored: bool,
}

impl Answer {
    /// A JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Answer::text(status, body.to_string())
    }

    /// A body that is JSON text already.
    pub(super) fn text(status: u16, body: String) -> Self {
        let content_type = "application/json; charset=utf-8";
        Answer { status, headers: Vec::new(), content_type, body: body.into_bytes(), is_stored: false }
    }

    /// A web page, as proxies and portals send it.
    pub(super) fn html(status: u16, body: &str) -> Self {
        Answer { content_type: "text/html; charset=utf-8", ..Answer::text(status, body.to_owned()) }
    }

    /// Adds a header.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says that something was stored.
    #[must_use]
    pub(super) fn stored(mut self) -> Self {
        self.is_stored = true;
        self
    }
}

/// An error in the general shape. Apart from `100047` no code is known, so these begin with `SANDBOX-`.
pub(super) fn error_answer(variants: &Variants, status: u16, code: &str, message: &str) -> Answer {
    let status = if variants.errors == Errors::Ok { 200 } else { status };
    Answer::json(status, &json!({"errcode": code, "errmsg": message}))
}

/// An error in the shape of the binding endpoints.
pub(super) fn binding_error(variants: &Variants, message: &str) -> Answer {
    let status = if variants.errors == Errors::Ok { 200 } else { 403 };
    Answer::json(status, &json!({"state": "403", "message": message}))
}

/// The answer for a path that does not exist.
pub(super) fn unknown_path(variants: &Variants) -> Answer {
    let error = &Catalog::embedded().service.error;
    error_answer(variants, 404, &error.unknown_path_code, &error.unknown_path_text)
}
