//! What the endpoints do: a call goes through `dispatch` to the function that answers it.

pub mod binding;
pub mod call;
pub mod check;
pub mod defaults;
pub mod dispatch;
pub mod field_definitions;
pub mod filter;
pub mod get;
pub mod list;
pub mod paging;
pub mod parameter_error;
pub mod rejection;
pub mod request_body;
pub mod write;
