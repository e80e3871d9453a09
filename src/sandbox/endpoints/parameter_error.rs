//! Errors in query parameters.

use super::call::Call;
use crate::sandbox::answer::{Answer, error_answer};

/// A query parameter, and what is wrong with it.
pub(crate) type ParameterError = (String, &'static str);

/// The answer that names the parameter.
pub(crate) fn parameter_error(call: &Call<'_>, (name, what): &ParameterError) -> Answer {
    error_answer(call.variants, 400, "SANDBOX-PARAMETER", &format!("{name}: {what}"))
}
