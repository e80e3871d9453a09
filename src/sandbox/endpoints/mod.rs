//! What the endpoints do: a call goes through `dispatch` to the function that answers it.

pub(super) mod binding;
pub(super) mod call;
pub(super) mod check;
pub(super) mod defaults;
pub(super) mod dispatch;
pub(super) mod field_definitions;
pub(super) mod filter;
pub(super) mod get;
pub(super) mod list;
pub(super) mod paging;
pub(super) mod parameter_error;
pub(super) mod rejection;
pub(super) mod request_body;
pub(super) mod write;
