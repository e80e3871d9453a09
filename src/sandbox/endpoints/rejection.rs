//! Why a write is not acceptable.

/// Why a write is not acceptable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// A code of the sandbox's own; empty for bindings, whose errors carry none.
    pub code: &'static str,
    /// A text that names the member.
    pub message: String,
}

/// A check either passes or rejects.
pub(crate) type Checked<T> = Result<T, Rejection>;

/// Shorthand for a rejection.
pub(crate) fn reject<T>(code: &'static str, message: impl Into<String>) -> Checked<T> {
    Err(Rejection { code, message: message.into() })
}
